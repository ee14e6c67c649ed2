/** Doors for whoever runs the service, and the one that becomes a socket. */
import { type TSchema, Type } from 'typebox'
import { CLIENT_EVENTS, SERVER_EVENTS, SocketFrame } from '../socket-events.ts'
import { type Doors, json } from './door.ts'

export const OPERATION_DOORS: Doors = {
  'GET /health': {
    id: 'isAlive',
    tag: 'Operations',
    summary: 'Is it alive?',
    gives: {
      200: json('It is.', Type.Object({ status: Type.Literal('ok') }, { $id: 'Alive' }), { status: 'ok' }),
    },
  },
  'GET /ready': {
    id: 'isReady',
    tag: 'Operations',
    summary: 'Can it work?',
    gives: {
      200: json('It can.', Type.Object({ status: Type.Literal('ready') }, { $id: 'Ready' }), { status: 'ready' }),
    },
    errors: ['store_unavailable', 'draining'],
  },
  'GET /metrics': {
    id: 'readMetrics',
    tag: 'Operations',
    summary: 'Figures for Prometheus',
    description:
      'For the machine itself, but nobody who comes through a proxy on it; and for whoever sends `Authorization: Bearer` with `METRICS_TOKEN`.',
    gives: {
      200: {
        description: 'In the text format of Prometheus.',
        content: { 'text/plain': { schema: Type.String(), example: 'repartee_turns_running 0\n' } },
      },
    },
    errors: ['unauthorized', 'forbidden'],
  },
  'GET /openapi.json': {
    id: 'describe',
    tag: 'Operations',
    summary: 'This document',
    description: 'To be read by people at `/docs`.',
    gives: {
      200: json('OpenAPI 3.1.', Type.Object({ openapi: Type.String() }, { additionalProperties: true }), {
        openapi: '3.1.0',
      }),
    },
  },
}

/** Each event with the schema of its data, by the name under which the reference has it. */
function listEvents(events: Record<string, TSchema>): string {
  const names = Object.entries(events).map(([event, data]) => `\`${event}\` (${(data as { $id?: string }).$id})`)
  return names.join(', ')
}

export const SOCKET_DOORS: Doors = {
  'GET /ws': {
    id: 'openSocket',
    tag: 'Sockets',
    summary: 'Open a WebSocket',
    description: `A token goes into the header \`Authorization\`, or into a sub-protocol \`bearer.<token>\` beside \`repartee\`; who sends none may say \`auth\` as the first frame.

Frames are \`{"event": name, "data": {…}}\`, and each event's data has a schema of its own. The client says ${listEvents(CLIENT_EVENTS)}. The server says ${listEvents(SERVER_EVENTS)}. When each of them comes is described above.

Socket.IO, at its default path, has the same events with the same data.`,
    gives: {
      101: {
        description: 'The socket is open. What follows is no body, but frames in both directions, each a text of JSON.',
        content: {
          'application/json': {
            schema: SocketFrame,
            example: { event: 'chat_stream', data: { message: 'I only have ten minutes today' } },
          },
        },
      },
    },
    errors: ['forbidden', 'not_found', 'rate_limited', 'draining'],
    checksToken: true,
  },
}
