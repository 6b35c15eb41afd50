/**
 * What the client of a tab takes for its socket. Of the tabs of a browser that show the same project, the one that holds a
 * lock has the connection to the server; the others reach it through that tab. When it is closed, or does not answer, another
 * one takes the lock, and everybody asks again from its last cursor.
 */
import { SocketHub, type TabEnd, type TabLine } from './socket-hub.ts'

/** Closes the lines to a hub that is there no more; the next one is there already. */
export const hubChanged = 4498

/** How long another tab may take to answer, in milliseconds. */
const answerMs = 5_000

/** From a tab to the hub. */
type ToHub = { tab: string; line: number } & ({ do: 'OPEN' | 'CLOSE' } | { do: 'SEND'; data: string })
/** From the hub to a tab. */
type ToTab =
  | { line: number; is: 'HEARD' | 'OPENED' }
  | { line: number; is: 'MESSAGE'; data: string }
  | { line: number; is: 'CLOSED'; code: number; reason: string }

export type SharedSocketClass = typeof WebSocket

/** Null where browsers have no locks, as on pages that are not secure. @param name of what the tabs share */
export function sharedSocket(name: string, url: string): SharedSocketClass | null {
  if (navigator.locks === undefined || typeof BroadcastChannel === 'undefined') return null
  let tab: Tab | null = null
  return class {
    static readonly CONNECTING = 0
    static readonly OPEN = 1
    static readonly CLOSING = 2
    static readonly CLOSED = 3
    readyState = 0
    onopen: (() => void) | null = null
    onmessage: ((event: { data: string }) => void) | null = null
    onclose: ((event: CloseEvent) => void) | null = null
    onerror: ((error: unknown) => void) | null = null
    readonly #end: TabEnd

    constructor() {
      tab ??= new Tab(name, url)
      this.#end = tab.connect({
        opened: () => {
          this.readyState = 1
          this.onopen?.()
        },
        message: (data) => this.onmessage?.({ data }),
        closed: (code, reason) => this.#closed(code, reason),
      })
    }

    send(data: string) {
      this.#end.send(data)
    }

    close(code = 1000, reason = '') {
      if (this.readyState > 1) return
      this.readyState = 2
      this.#end.close()
      queueMicrotask(() => this.#closed(code, reason))
    }

    #closed(code: number, reason: string) {
      if (this.readyState === 3) return
      this.readyState = 3
      this.onclose?.(new CloseEvent('close', { code, reason, wasClean: code === 1000 }))
    }
  } as unknown as SharedSocketClass
}

interface Line extends TabLine {
  /** Null until it is known who has the connection. */
  end: TabEnd | null
  /** What was sent until then. */
  waiting: string[]
}

/** Another tab, as the hub knows it. */
interface Guest {
  channel: BroadcastChannel
  ends: Map<number, TabEnd>
}

class Tab {
  readonly #id = crypto.randomUUID()
  readonly #name: string
  readonly #url: string
  readonly #lines = new Map<number, Line>()
  readonly #inbox: BroadcastChannel
  readonly #toHub: BroadcastChannel
  readonly #changes: BroadcastChannel
  #hub: SocketHub | null = null
  #role: 'UNKNOWN' | 'HUB' | 'GUEST' = 'UNKNOWN'
  #next = 0
  #watch: ReturnType<typeof setTimeout> | undefined

  constructor(name: string, url: string) {
    this.#name = name
    this.#url = url
    this.#inbox = new BroadcastChannel(`${name} tab ${this.#id}`)
    this.#toHub = new BroadcastChannel(`${name} hub`)
    this.#changes = new BroadcastChannel(`${name} changes`)
    this.#inbox.onmessage = ({ data }) => this.#fromHub(data as ToTab)
    this.#changes.onmessage = () => this.#forgetHub()
    void this.#begin()
  }

  connect(line: TabLine): TabEnd {
    const number = this.#next++
    const kept: Line = { ...line, end: null, waiting: [] }
    this.#lines.set(number, kept)
    this.#open(number, kept)
    return {
      send: (data) => (kept.end ? kept.end.send(data) : kept.waiting.push(data)),
      close: () => {
        this.#lines.delete(number)
        kept.end?.close()
      },
    }
  }

  async #begin() {
    // Held until the tab is closed: the hub waits for it, to know.
    const alive = Promise.withResolvers<void>()
    void navigator.locks.request(`${this.#name} tab ${this.#id}`, () => {
      alive.resolve()
      return new Promise(() => {})
    })
    await alive.promise
    const began = navigator.locks.request(this.#name, { ifAvailable: true }, (lock) => {
      if (lock) return this.#becomeHub()
      this.#role = 'GUEST'
      for (const [number, line] of this.#lines) this.#open(number, line)
      return this.#claim({})
    })
    began.catch(() => this.#abdicate())
  }

  /** Becomes the hub when it is this tab's turn, or at once. */
  #claim(options: LockOptions) {
    // Another tab may take the lock from this one.
    navigator.locks.request(this.#name, options, () => this.#becomeHub()).catch(() => this.#abdicate())
  }

  #becomeHub(): Promise<void> {
    if (this.#role === 'GUEST') this.#forgetHub()
    this.#role = 'HUB'
    const hub = new SocketHub(this.#url)
    const guests = new Map<string, Guest>()
    this.#hub = hub
    this.#toHub.onmessage = ({ data }) => this.#serve(hub, guests, data as ToHub)
    for (const [number, line] of this.#lines) this.#open(number, line)
    this.#changes.postMessage(null)
    return new Promise(() => {})
  }

  #abdicate() {
    if (this.#role !== 'HUB') return
    this.#toHub.onmessage = null
    this.#hub?.stop()
    this.#hub = null
    this.#role = 'GUEST'
    this.#forgetHub()
    this.#claim({})
  }

  /** For another tab. */
  #serve(hub: SocketHub, guests: Map<string, Guest>, { tab, line, ...message }: ToHub) {
    const guest = guests.get(tab) ?? this.#welcome(guests, tab)
    if (message.do === 'SEND') return guest.ends.get(line)?.send(message.data)
    if (message.do === 'CLOSE') {
      guest.ends.get(line)?.close()
      return void guest.ends.delete(line)
    }
    const tell = (what: ToTab) => guest.channel.postMessage(what)
    tell({ line, is: 'HEARD' })
    const end = hub.connect({
      opened: () => tell({ line, is: 'OPENED' }),
      message: (data) => tell({ line, is: 'MESSAGE', data }),
      closed: (code, reason) => {
        guest.ends.delete(line)
        tell({ line, is: 'CLOSED', code, reason })
      },
    })
    guest.ends.set(line, end)
  }

  #welcome(guests: Map<string, Guest>, tab: string): Guest {
    const guest: Guest = { channel: new BroadcastChannel(`${this.#name} tab ${tab}`), ends: new Map() }
    guests.set(tab, guest)
    void navigator.locks.request(`${this.#name} tab ${tab}`, () => {
      for (const end of guest.ends.values()) end.close()
      guest.channel.close()
      guests.delete(tab)
    })
    return guest
  }

  #open(number: number, line: Line) {
    if (line.end !== null || this.#role === 'UNKNOWN') return
    if (this.#hub) line.end = this.#hub.connect(line)
    else {
      const tell = (message: { do: 'OPEN' | 'CLOSE' } | { do: 'SEND'; data: string }) =>
        this.#toHub.postMessage({ tab: this.#id, line: number, ...message } satisfies ToHub)
      tell({ do: 'OPEN' })
      this.#expectAnswer()
      line.end = {
        send: (data) => {
          tell({ do: 'SEND', data })
          if (data === '{"type":"ping"}') this.#expectAnswer()
        },
        close: () => tell({ do: 'CLOSE' }),
      }
    }
    for (const data of line.waiting.splice(0)) line.end.send(data)
  }

  #fromHub(message: ToTab) {
    clearTimeout(this.#watch)
    this.#watch = undefined
    const line = this.#lines.get(message.line)
    if (message.is === 'OPENED') line?.opened()
    else if (message.is === 'MESSAGE') line?.message(message.data)
    else if (message.is === 'CLOSED') {
      this.#lines.delete(message.line)
      line?.closed(message.code, message.reason)
    }
  }

  /** Some browsers stop the tabs that nobody looks at; whoever is looked at takes over then. */
  #expectAnswer() {
    this.#watch ??= setTimeout(() => {
      this.#watch = undefined
      if (!document.hidden && this.#role === 'GUEST') this.#claim({ steal: true })
    }, answerMs)
  }

  #forgetHub() {
    clearTimeout(this.#watch)
    this.#watch = undefined
    const lines = [...this.#lines.values()]
    this.#lines.clear()
    for (const line of lines) line.closed(hubChanged, 'Another tab has the connection now')
  }
}
