/**
 * XMLHttpRequest as React Native has it, on Node's own client: text that grows while it loads, and after a broken
 * connection the status that came and the error in place of the text.
 *
 * @see https://github.com/facebook/react-native/blob/main/packages/react-native/Libraries/Network/XMLHttpRequest.js
 */
import { type ClientRequest, type IncomingMessage, request } from 'node:http'

export class XMLHttpRequest {
  static readonly UNSENT = 0
  static readonly OPENED = 1
  static readonly HEADERS_RECEIVED = 2
  static readonly LOADING = 3
  static readonly DONE = 4

  readyState = XMLHttpRequest.UNSENT
  status = 0
  responseText = ''
  timeout = 0
  onreadystatechange: (() => void) | null = null
  onerror: (() => void) | null = null
  readonly #headers: Record<string, string> = {}
  #method = ''
  #url = ''
  #request: ClientRequest | null = null
  #isAborted = false

  open(method: string, url: string): void {
    this.#method = method
    this.#url = url
    this.#change(XMLHttpRequest.OPENED)
  }

  setRequestHeader(name: string, value: string): void {
    this.#headers[name] = value
  }

  send(body?: string): void {
    this.#request = request(this.#url, { method: this.#method, headers: this.#headers, agent: false })
    this.#request.once('response', (response) => this.#receive(response))
    this.#request.once('error', (error) => this.#fail(error))
    this.#request.end(body)
  }

  abort(): void {
    this.#isAborted = true
    this.#request?.destroy()
  }

  #receive(response: IncomingMessage): void {
    this.status = response.statusCode ?? 0
    this.#change(XMLHttpRequest.HEADERS_RECEIVED)
    response.setEncoding('utf8')
    response.on('data', (text: string) => {
      this.responseText += text
      this.#change(XMLHttpRequest.LOADING)
    })
    response.once('end', () => this.#change(XMLHttpRequest.DONE))
    response.once('error', (error) => this.#fail(error))
  }

  #fail(error: Error): void {
    if (this.#isAborted || this.readyState === XMLHttpRequest.DONE) return
    this.responseText = error.message
    this.#change(XMLHttpRequest.DONE)
    this.onerror?.()
  }

  #change(state: number): void {
    if (this.#isAborted) return
    this.readyState = state
    this.onreadystatechange?.()
  }
}
