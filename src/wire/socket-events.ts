/** What is said on sockets, by event: the schemas of the data, the same on WebSocket and Socket.IO. */
import { type Static, type TObject, type TSchema, Type } from 'typebox'
import { SocketAuthRequest, SocketResumeRequest, SocketSendRequest, SocketStopRequest } from './requests.ts'
import { DoneFrame, ErrorBody, ErrorFrame, StartFrame, TokenFrame } from './responses.ts'

const Nothing = Type.Object({}, { $id: 'SocketNothing', description: 'No fields.' })

const ofTurn = { session_id: Type.String(), turn_id: Type.String() }

const Offset = Type.String({ description: 'Where to go on after this.' })

const Connected = Type.Object(
  { message: Type.String(), timestamp: Type.String({ format: 'date-time' }) },
  { $id: 'SocketConnected', description: 'The client is let in.' },
)
export type Connected = Static<typeof Connected>

const Start = Type.Object(
  { ...StartFrame.properties, client_message_id: Type.Optional(Type.String({ description: "The send's own." })) },
  { $id: 'SocketStart', description: 'The preface of a turn that is followed from here on.' },
)
export type Start = Static<typeof Start>

const Token = Type.Object({ ...TokenFrame.properties, ...ofTurn, offset: Offset }, { $id: 'SocketToken' })

const Done = Type.Object(
  {
    ...DoneFrame.properties,
    offset: Offset,
    full_response: Type.Optional(Type.String({ description: 'On Socket.IO: the same as `full_text`.' })),
  },
  { $id: 'SocketDone', description: 'The end of a turn that went well, or was stopped: the reply is stored.' },
)

const TurnError = Type.Object(
  { ...ErrorFrame.properties, ...ofTurn, offset: Type.Optional(Offset) },
  { $id: 'SocketTurnError', description: 'How a turn failed; without an `offset`, why its reader was sent away.' },
)

const Refusal = Type.Object(
  {
    ...ErrorBody.properties,
    session_id: Type.Optional(Type.String()),
    client_message_id: Type.Optional(Type.String()),
  },
  { $id: 'SocketRefusal', description: 'Why what the client asked is not done, with the ids that it sent.' },
)
export type Refusal = Static<typeof Refusal>

const SocketError = Type.Union([TurnError, Refusal], { $id: 'SocketError' })

/** What the client says. */
export const CLIENT_EVENTS = {
  chat_stream: SocketSendRequest,
  chat_resume: SocketResumeRequest,
  chat_stop: SocketStopRequest,
  auth: SocketAuthRequest,
  ping: Nothing,
} as const satisfies Record<string, TObject>
export type ClientEvent = keyof typeof CLIENT_EVENTS

/** What the server says. */
export const SERVER_EVENTS = {
  connected: Connected,
  chat_start: Start,
  chat_token: Token,
  chat_complete: Done,
  chat_stream_error: SocketError,
  pong: Nothing,
} as const satisfies Record<string, TSchema>
export type SocketEvent = keyof typeof SERVER_EVENTS

/** Frames as WebSocket has them. Data without a field that must be there may be left out by the client. */
const ClientFrame = Type.Union(
  Object.entries(CLIENT_EVENTS).map(([event, data]) =>
    Type.Object({ event: Type.Literal(event), data: data.required ? data : Type.Optional(data) }),
  ),
  { $id: 'SocketClientFrame', description: 'What the client says.' },
)

const ServerFrame = Type.Union(
  Object.entries(SERVER_EVENTS).map(([event, data]) => Type.Object({ event: Type.Literal(event), data })),
  { $id: 'SocketServerFrame', description: 'What the server says.' },
)

export const SocketFrame = Type.Union([ClientFrame, ServerFrame], { $id: 'SocketFrame' })
