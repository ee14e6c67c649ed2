/** Finds where a provider's paths begin, however the operator wrote its address. */

/**
 * Takes slashes off the end, and the version that our own paths begin with. Other tools want it in the address, where it
 * would come twice.
 */
export function toBaseUrl(address: string, version?: RegExp): string {
  const base = address.replace(/\/+$/, '')
  return version ? base.replace(version, '') : base
}
