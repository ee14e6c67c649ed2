/** Every door that the reference describes, by method and path. */
import { CHAT_DOORS } from './doors/chat.ts'
import { AI_SDK_DOORS, API_CHAT_DOORS, OPENAI_DOORS, UNIFIED_DOORS } from './doors/dialects.ts'
import type { Door } from './doors/door.ts'
import { OPERATION_DOORS, SOCKET_DOORS } from './doors/operations.ts'
import { CATALOGUE_DOORS, SESSION_DOORS } from './doors/sessions.ts'

export const DOORS: ReadonlyMap<string, Door> = new Map(
  Object.entries({
    ...CHAT_DOORS,
    ...SESSION_DOORS,
    ...CATALOGUE_DOORS,
    ...SOCKET_DOORS,
    ...OPERATION_DOORS,
    ...API_CHAT_DOORS,
    ...UNIFIED_DOORS,
    ...OPENAI_DOORS,
    ...AI_SDK_DOORS,
  }),
)
