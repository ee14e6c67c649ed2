/** Once before all tests: the page is there, and that of the sources as they are. */
import { buildWebIfNeeded } from '#src/build-web.ts'

export default async function setup(): Promise<void> {
  await buildWebIfNeeded()
}
