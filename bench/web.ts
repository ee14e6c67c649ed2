/**
 * How much of a browser's main thread the chat page takes while it reads a long reply: `npm run bench:web`. The share of
 * time in long tasks (50 ms and more) is promised to be below 5 % for 4,000 tokens of Markdown at 200 tokens a second.
 */
import { buildApp } from '#src/app.ts'
import { buildWebIfNeeded } from '#src/build-web.ts'
import { loadConfig } from '#src/config.ts'
import { says, startOpenAIProvider } from '#test/provider/openai.ts'
import { launchBrowser } from '#test/web/browser.ts'

const TOKENS = Number(process.argv[2] ?? 4_000)
const TOKENS_PER_SECOND = 200

const SECTION = `## A heading

A paragraph with **bold**, *emphasis*, \`code\` and a [link](https://example.com), as long as paragraphs often are, so that
something has to be laid out.

- a list of things
- with **more** than one
  - and one below

\`\`\`ts
export function add(one: number, other: number): number {
  return one + other // as one would expect
}
\`\`\`

| name | value |
| ---- | ----- |
| one  | 1     |
| two  | 2     |

`

function toTokens(): string[] {
  const pieces = SECTION.match(/\s*\S{1,6}/g)!
  return Array.from({ length: TOKENS }, (_, index) => pieces[index % pieces.length]!)
}

const OBSERVE = `
  globalThis.longTasks = []
  new PerformanceObserver((list) => longTasks.push(...list.getEntries().map(({ duration }) => duration)))
    .observe({ entryTypes: ['longtask'] })
`

await buildWebIfNeeded()
const provider = await startOpenAIProvider({ script: says(toTokens(), { delayMs: 1000 / TOKENS_PER_SECOND }) })
const app = await buildApp(
  loadConfig({
    PORT: '0',
    SQLITE_PATH: ':memory:',
    LOG_LEVEL: 'silent',
    ACTIVE_BRAIN: 'openai',
    OPENAI_API_KEY: 'sk-bench',
    OPENAI_BASE_URL: `${provider.url}/v1`,
  }),
)
const url = await app.listen({ port: 0, host: '127.0.0.1' })
const browser = await launchBrowser()
try {
  const page = await browser.newPage()
  await page.addInitScript(OBSERVE)
  await page.goto(url)
  const field = page.getByRole('textbox', { name: 'Message', exact: true })
  await field.fill('Write')
  await page.evaluate('longTasks.length = 0')
  const startedAt = performance.now()
  await field.press('Enter')
  await page.locator('.took').getByText('first after').waitFor({ timeout: 600_000 })
  const took = performance.now() - startedAt
  const tasks = await page.evaluate<number[]>('longTasks')
  const long = tasks.reduce((sum, duration) => sum + duration, 0)
  const facts = (await page.locator('.took').textContent()) ?? ''
  console.log(`${TOKENS} tokens in ${(took / 1000).toFixed(1)} s (${facts})`)
  console.log(
    `${tasks.length} long tasks, the longest ${Math.round(Math.max(0, ...tasks))} ms: ${((long / took) * 100).toFixed(1)} % of the time`,
  )
} finally {
  await browser.close()
  await app.close()
  await provider.close()
}
