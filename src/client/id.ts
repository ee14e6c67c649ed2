/** Ids that nobody else has, and nobody can guess. */

/**
 * 128 bits as hex. Not `randomUUID`, which pages have over https only.
 *
 * @throws Error where there is no `crypto`: React Native needs `react-native-get-random-values`
 */
export function createId(): string {
  const { crypto } = globalThis as { crypto?: { getRandomValues(bytes: Uint8Array): Uint8Array } }
  if (!crypto) throw new Error('There is no crypto.getRandomValues: import "react-native-get-random-values" first.')
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
