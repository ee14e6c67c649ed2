/** A request's target as a client writes it: `/path?query`, or with the host before it. */

const TARGET = /^(?<origin>[a-z][a-z\d+.-]*:\/\/(?<host>[^/?#]*))?(?<path>.*)$/is

export interface Target {
  /** Scheme and host; empty where the target begins with the path. */
  origin: string
  /** With its port, and with whatever stands before an `@`. */
  host: string | undefined
  /** With its query. */
  path: string
}

/**
 * Splits a target.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9112#section-3.2
 */
export function splitTarget(target = ''): Target {
  const { origin = '', host, path = '' } = TARGET.exec(target)?.groups ?? {}
  return { origin, host, path }
}
