/** The door `/metrics`: who may ask, and what it says. */
import { networkInterfaces } from 'node:os'
import { describe, expect, it } from 'vitest'
import { call, openStream, startService, startSession, startWithProvider } from '#test/helper.ts'
import { byHand } from '#test/provider/by-hand.ts'
import { says } from '#test/provider/openai.ts'
import { answers } from '#test/provider/scripts.ts'
import { socketIo, sse, webSocket } from '#test/transports/clients.ts'

async function scrape(url: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${url}/metrics`, { headers })
  const text = await response.text()
  const value = (series: string) => {
    const line = text.split('\n').find((one) => one.startsWith(`${series} `))
    return line === undefined ? undefined : Number(line.slice(series.length))
  }
  return { status: response.status, type: response.headers.get('content-type'), text, value }
}

/** An address of this machine that is not loopback. */
const outside = Object.values(networkInterfaces())
  .flat()
  .find((address) => address?.family === 'IPv4' && !address.internal)?.address

describe('/metrics, asked', () => {
  it('answers this machine, in the format of Prometheus', async () => {
    const { url } = await startService()
    const { status, type, text } = await scrape(url)
    expect(status).toBe(200)
    expect(type).toContain('text/plain; version=')
    const line = /^(# (HELP|TYPE) .+|\w+(\{.*\})? ([\d.]+(e[+-]\d+)?|NaN)|)$/
    for (const one of text.split('\n')) expect(one).toMatch(line)
    expect(text).toContain('\nprocess_open_fds ')
  })

  it.runIf(outside)('answers nobody else, whatever they say of where they are', async () => {
    const service = await startService({ HOST: '0.0.0.0', AUTH: 'off' })
    const url = `http://${outside}:${new URL(service.url).port}`
    for (const headers of [{}, { 'x-forwarded-for': '127.0.0.1' }, { authorization: 'Bearer ' }]) {
      expect(await call(`${url}/metrics`, 'GET', undefined, headers)).toMatchObject({
        status: 403,
        body: { code: 'forbidden' },
      })
    }
  })

  it('does not take for this machine who came through a proxy on it', async () => {
    const { url } = await startService()
    expect((await scrape(url, { 'x-forwarded-for': '127.0.0.1' })).status).toBe(403)
    expect((await scrape(url, { forwarded: 'for=127.0.0.1' })).status).toBe(403)
  })

  it('answers everybody who has the token', async () => {
    const { url } = await startService({ METRICS_TOKEN: 'let-me-see' })
    const away = { 'x-forwarded-for': '203.0.113.9' }
    expect((await scrape(url, { ...away, authorization: 'Bearer let-me-see' })).status).toBe(200)
    for (const authorization of ['', 'Bearer', 'Bearer let-me-seE', 'Basic let-me-see', 'let-me-see']) {
      expect((await scrape(url, { ...away, authorization })).status).toBe(401)
    }
  })

  it('asks for no one’s sign-in', async () => {
    const { url } = await startService({ JWT_SECRET: 'x'.repeat(32) })
    expect((await call(`${url}/chat/sessions`)).status).toBe(401)
    expect((await scrape(url)).status).toBe(200)
  })
})

describe('/metrics, saying', () => {
  it('counts turns by their end, and tokens', async () => {
    const { url } = await startWithProvider(says(['One, ', 'two.']))
    const session_id = await startSession(url)
    for (let turn = 0; turn < 3; turn++) await call(`${url}/chat/message`, 'POST', { session_id, message: 'Count' })
    const { value } = await scrape(url)
    expect(value('repartee_turns_started_total{brain="openai"}')).toBe(3)
    expect(value('repartee_turns_ended_total{brain="openai",outcome="stop"}')).toBe(3)
    expect(value('repartee_tokens_total{brain="openai"}')).toBe(6)
    expect(value('repartee_provider_tokens_total{brain="openai",direction="output"}')).toBeGreaterThan(0)
    expect(value('repartee_time_to_first_token_seconds_count{brain="openai"}')).toBe(3)
  })

  it('counts a turn that failed by its code', async () => {
    const { url } = await startWithProvider(answers(401, '{}'))
    const session_id = await startSession(url)
    await call(`${url}/chat/message`, 'POST', { session_id, message: 'Hello' })
    const { value } = await scrape(url)
    expect(value('repartee_turns_ended_total{brain="openai",outcome="brain_rejected"}')).toBe(1)
  })

  it('shows what runs and who reads, as it is now', async () => {
    const hand = byHand()
    const { url } = await startWithProvider(hand.script)
    const figures = async () => {
      const { value } = await scrape(url)
      return ['turns_running', 'event_streams', 'sockets', 'socket_readers'].map((name) => value(`repartee_${name}`))
    }
    expect(await figures()).toEqual([0, 0, 0, 0])
    const readings = []
    for (const transport of [sse, webSocket, socketIo]) {
      const line = await transport.connect(url)
      readings.push(await line.send({ session_id: await startSession(url), message: 'Count' }))
    }
    expect(await figures()).toEqual([3, 1, 2, 2])
    for (const reading of readings) {
      ;(await hand.next()).finish()
      await reading.rest()
    }
    await expect.poll(figures).toEqual([0, 0, 2, 0])
  })

  it('names doors as they are defined, and nothing that came from outside', async () => {
    const { url } = await startWithProvider(says(['Hi.']))
    const session_id = await startSession(url)
    const marker = 'marker-from-outside'
    const said = { session_id, message: marker, model: marker, client_message_id: marker }
    await (await openStream(`${url}/chat/stream`, said)).rest()
    await call(`${url}/chat/sessions/${session_id}?${marker}`)
    await call(`${url}/chat/sessions/${marker}`)
    await call(`${url}/${marker}`)
    const series = '{method="GET",route="/chat/sessions/:id",status_code="200"}'
    await expect.poll(async () => (await scrape(url)).value(`http_request_duration_seconds_count${series}`)).toBe(1)
    const { text } = await scrape(url)
    expect(text).not.toContain(marker)
    expect(text).not.toContain(session_id)
  })

  it('is of one service: two in a process do not mix', async () => {
    const [one, two] = [await startService(), await startService()]
    const session_id = await startSession(one.url)
    await call(`${one.url}/chat/message`, 'POST', { session_id, message: 'Hello' })
    const series = 'repartee_turns_started_total{brain="config"}'
    expect((await scrape(one.url)).value(series)).toBe(1)
    expect((await scrape(two.url)).value(series)).toBeUndefined()
  })
})
