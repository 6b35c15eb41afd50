/** What a model server answers, whatever the protocol that it is asked in. */

/** A request in any protocol. */
export interface ModelRequest {
  model: string
  stream: boolean
  /** The text of the last message. */
  prompt: string
  /** From 1: how many requests with this model and prompt there have been. */
  attempt: number
  url: string
  headers: Record<string, string>
  /** As it was sent. */
  // biome-ignore lint/suspicious/noExplicitAny: tests say what they expect of it
  body: any
}

export interface Usage {
  /** All of them, cached ones included. */
  input: number
  cached?: number
  cacheWrite?: number
  /** All of them, reasoning included. */
  output: number
  reasoning?: number
}

export interface Answer {
  text?: string
  /** Of the texts of a request for embeddings, in their order. */
  embeddings?: number[][]
  /** That says it has answered; default: the one that was asked. */
  model?: string
  reasoning?: string
  toolCalls?: { id: string; name: string; arguments: unknown }[]
  /** Null: none is sent. */
  usage?: Usage | null
  finish?: 'stop' | 'length' | 'content_filter'
  /** Before the first byte, and between the parts of a stream. */
  delayMs?: number
  partMs?: number
  /** Parts that the text of a stream comes in; default: one a word. */
  parts?: number
  /** In USD, as gateways report it. */
  cost?: number
  headers?: Record<string, string>
  /** After so many parts, the rest waits for this. */
  pause?: { after: number; until: Promise<unknown> }
  /** After so many parts, nothing more comes, or the connection is cut. */
  stallAfter?: number
  cutAfter?: number
}

/** An error of the provider, in the form of the protocol. */
export interface Refusal {
  status: number
  type: string
  code?: string
  message: string
  /** Of Google's. */
  details?: unknown[]
  headers?: Record<string, string>
}

/** Bytes that no protocol has. */
export interface Raw {
  status?: number
  headers?: Record<string, string>
  raw: string | Uint8Array
}

export type Reply = Answer | Refusal | Raw

export function isRefusal(reply: Reply): reply is Refusal {
  return 'type' in reply
}

export function isRaw(reply: Reply): reply is Raw {
  return 'raw' in reply
}

/** The parts of a streamed text. */
export function partsOf({ text = '', parts }: Answer): string[] {
  if (parts === undefined) return text.match(/\S+\s*/g) ?? []
  const size = Math.ceil(text.length / parts)
  return Array.from({ length: parts }, (_, n) => text.slice(n * size, (n + 1) * size)).filter((part) => part !== '')
}

/** How a request and its answer look in a protocol. */
export interface Protocol {
  /** Its paths. A group `model` is the model, `call` says whether to stream; else both are in the body. */
  route: RegExp
  /** The content type of streams; default: of server-sent events. */
  streamType?: string
  /** The whole body. */
  body: (answer: Answer, model: string) => unknown
  /** Events before the text, one for each part of it, and after it, as they are written. */
  events: (answer: Answer, model: string) => Record<'before' | 'parts' | 'after', (string | Uint8Array)[]>
  refusal: (refusal: Refusal) => unknown
  refusalHeaders?: (refusal: Refusal) => Record<string, string>
}
