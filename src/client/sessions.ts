/** Sessions that there are. */
import { ReparteeError } from './errors.ts'
import { type CallOptions, type Http, toQuery } from './http.ts'
import type { Session, SessionPage, SessionPatch, SessionWithMessages } from './resources.ts'

export interface Sessions {
  list(
    options?: { user_id?: string | undefined; limit?: number; cursor?: string | undefined } & CallOptions,
  ): Promise<SessionPage>
  /** Gets a session with its last 50 messages, fewer where they are long. `before`, a message's id, gets earlier ones. */
  get(sessionId: string, options?: { messages?: number; before?: string } & CallOptions): Promise<SessionWithMessages>
  /** During a turn it counts from the next one. */
  update(sessionId: string, patch: SessionPatch, options?: CallOptions): Promise<Session>
  /** Forgets what was said. */
  clear(sessionId: string, options?: CallOptions): Promise<Session>
  /** A running turn is ended. A session that is gone already is no error. */
  delete(sessionId: string, options?: CallOptions): Promise<void>
  /** The conversation as text, by default Markdown. */
  export(sessionId: string, options?: { format?: 'markdown' | 'json' } & CallOptions): Promise<string>
}

export function createSessions(http: Http): Sessions {
  return {
    list: ({ signal, ...query } = {}) => http.call('GET', `/chat/sessions${toQuery(query)}`, undefined, { signal }),
    get: (id, { signal, ...query } = {}) => http.call('GET', toPath(id) + toQuery(query), undefined, { signal }),
    update: (id, patch, call) => http.call('PATCH', toPath(id), patch, call),
    clear: (id, call) => http.call('POST', `${toPath(id)}/clear`, undefined, call),
    async delete(id, call) {
      try {
        await http.call('DELETE', toPath(id), undefined, call)
      } catch (error) {
        // It may be this very call that deleted it, and whose answer was lost.
        if (!(error instanceof ReparteeError) || error.code !== 'session_not_found') throw error
      }
    },
    export: (id, { signal, ...query } = {}) => http.text(`${toPath(id)}/export${toQuery(query)}`, { signal }),
  }
}

function toPath(id: string): string {
  return `/chat/sessions/${encodeURIComponent(id)}`
}
