/**
 * One connection to the server for the tabs of a browser. Every tab has a client of its own, with its own operations, whose
 * ids differ; here their messages go over one socket and the answers back to whom they are for. What a tab asks again after
 * an interruption is its own matter.
 */

/** What a tab sees of the connection. */
export interface TabLine {
  opened(): void
  message(data: string): void
  closed(code: number, reason: string): void
}

/** What a tab does with it. */
export interface TabEnd {
  send(data: string): void
  close(): void
}

/** The server limits the operations of a socket, and a tab has a few: more tabs share another one. */
const tabsPerSocket = 10
/** How often the server is asked whether it is there, in milliseconds. */
const pingMs = 10_000

export class SocketHub {
  readonly #url: string
  readonly #trunks = new Set<Trunk>()

  constructor(url: string) {
    this.#url = url
  }

  connect(line: TabLine): TabEnd {
    let trunk = [...this.#trunks].find(({ hasRoom }) => hasRoom)
    if (!trunk) {
      trunk = new Trunk(this.#url, (ended) => this.#trunks.delete(ended))
      this.#trunks.add(trunk)
    }
    return trunk.connect(line)
  }

  /** Closes what is open, without a word to the tabs. */
  stop(): void {
    for (const trunk of this.#trunks) trunk.stop()
    this.#trunks.clear()
  }
}

interface Message {
  type: string
  id?: string
}

class Trunk {
  readonly #socket: WebSocket
  readonly #onEnd: (trunk: Trunk) => void
  readonly #lines = new Set<TabLine>()
  /** Lines whose greeting is not answered yet. */
  readonly #greeting = new Set<TabLine>()
  readonly #owners = new Map<string, TabLine>()
  #isGreeted: 'NO' | 'SENT' | 'YES' = 'NO'
  #acknowledgement = ''
  #hasAnswered = true
  readonly #timer: ReturnType<typeof setInterval>

  constructor(url: string, onEnd: (trunk: Trunk) => void) {
    this.#onEnd = onEnd
    this.#socket = new WebSocket(url, 'graphql-transport-ws')
    this.#socket.onopen = () => {
      for (const line of this.#lines) line.opened()
    }
    this.#socket.onmessage = ({ data }) => this.#receive(String(data))
    this.#socket.onclose = ({ code, reason }) => this.#end(code, reason)
    this.#timer = setInterval(() => this.#ping(), pingMs)
  }

  get hasRoom(): boolean {
    return this.#lines.size > 0 && this.#lines.size < tabsPerSocket
  }

  connect(line: TabLine): TabEnd {
    this.#lines.add(line)
    if (this.#socket.readyState === WebSocket.OPEN) queueMicrotask(() => line.opened())
    return { send: (data) => this.#forward(line, data), close: () => this.#leave(line) }
  }

  stop(): void {
    this.#release()
    this.#socket.close(1000)
  }

  #forward(line: TabLine, data: string) {
    if (!this.#lines.has(line)) return
    const { type, id } = JSON.parse(data) as Message
    if (type === 'connection_init') return this.#greet(line, data)
    // Whether this tab's way to the hub is open, which the server need not be asked.
    if (type === 'ping') return line.message('{"type":"pong"}')
    if (type === 'pong') return
    if (id !== undefined && type === 'subscribe') this.#owners.set(id, line)
    if (id !== undefined && type === 'complete') this.#owners.delete(id)
    this.#send(data)
  }

  #greet(line: TabLine, data: string) {
    if (this.#isGreeted === 'YES') return line.message(this.#acknowledgement)
    this.#greeting.add(line)
    if (this.#isGreeted === 'SENT') return
    this.#isGreeted = 'SENT'
    this.#send(data)
  }

  #receive(data: string) {
    this.#hasAnswered = true
    // Nearly everything is a batch of a feed, whose end is far away.
    const [, ofBatch] = /^\{"id":"([^"\\]+)","type":"next"/.exec(data) ?? []
    if (ofBatch !== undefined) return this.#owners.get(ofBatch)?.message(data)
    const { type, id } = JSON.parse(data) as Message
    if (type === 'ping') return this.#send('{"type":"pong"}')
    if (type === 'connection_ack') {
      this.#isGreeted = 'YES'
      this.#acknowledgement = data
      for (const line of this.#greeting) line.message(data)
      this.#greeting.clear()
    }
    if (id === undefined) return
    this.#owners.get(id)?.message(data)
    if (type === 'complete' || type === 'error') this.#owners.delete(id)
  }

  #leave(line: TabLine) {
    if (!this.#lines.delete(line)) return
    this.#greeting.delete(line)
    for (const [id, owner] of this.#owners) {
      if (owner !== line) continue
      this.#owners.delete(id)
      this.#send(JSON.stringify({ id, type: 'complete' }))
    }
    if (this.#lines.size > 0) return
    this.stop()
    this.#onEnd(this)
  }

  #ping() {
    // A connection that broke without a word, such as that of a computer that slept.
    if (!this.#hasAnswered) return this.#end(4499, 'The server does not answer')
    this.#hasAnswered = this.#socket.readyState !== WebSocket.OPEN
    this.#send('{"type":"ping"}')
  }

  #end(code: number, reason: string) {
    const lines = [...this.#lines]
    this.stop()
    this.#onEnd(this)
    for (const line of lines) line.closed(code, reason)
  }

  #release() {
    clearInterval(this.#timer)
    this.#lines.clear()
    this.#greeting.clear()
    this.#owners.clear()
    this.#socket.onopen = null
    this.#socket.onmessage = null
    this.#socket.onclose = null
  }

  #send(data: string) {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(data)
  }
}
