import { InvalidInputError } from '../domain/errors.ts'
import type { HttpTaskSpec } from '../domain/execution/http-task.ts'
import { type TaskContext, TaskError, type TaskItem } from '../domain/execution/task.ts'
import type { Json } from '../domain/json/json.ts'
import { invalidInput } from '../domain/parse-input.ts'
import { compileJson, compileText, type Encoding, hasPlaceholder } from './request-template.ts'

interface HttpRequest {
  /** Path and query as sent. */
  path: string
  headers: Record<string, string>
  body: string | null
}

/** Turns items into requests. */
interface RequestTemplate {
  origin: string
  /** Its name in messages: method and URL without the query, which may contain secrets. */
  name: string
  render: (item: TaskItem, context: Pick<TaskContext, 'traceparent'>) => HttpRequest
}

/** @throws {InvalidInputError} for everything that can be checked without an item. */
export function compileRequest(spec: HttpTaskSpec, at: readonly string[]): RequestTemplate {
  const url = splitUrl(spec.url, [...at, 'url'])
  const path = compileText(url.path, [...at, 'url'], urlEncoding)
  const headers = compileHeaders(spec.headers, [...at, 'headers'])
  const body = compileBody(spec, [...at, 'body'])
  return {
    origin: url.origin,
    name: `${spec.method} ${url.origin}${url.path.replace(/\?.*$/s, '')}`,
    render(item, context) {
      const content = body(item)
      return {
        path: path(item),
        headers: {
          accept: 'application/json, text/plain;q=0.9',
          'user-agent': 'assay',
          ...(content === null ? {} : { 'content-type': 'application/json' }),
          ...headers(item),
          traceparent: context.traceparent,
        },
        body: content,
      }
    },
  }
}

/** The origin is fixed: only path and query may have placeholders, so that no item can choose the host. */
function splitUrl(url: string, at: readonly string[]): { origin: string; path: string } {
  const [, start, rest = ''] = /^([a-z]+:\/\/[^/?#\\]*)([^#]*)/i.exec(url) ?? []
  if (start === undefined || !URL.canParse(start)) {
    throw invalidInput(at, 'expected an absolute URL such as http://localhost:3000/answer', url)
  }
  if (hasPlaceholder(start)) {
    throw invalidInput(at, 'expected placeholders only in the path and the query', url)
  }
  const { origin, protocol, username, password } = new URL(start)
  if (protocol !== 'http:' && protocol !== 'https:') throw invalidInput(at, 'expected an http or https URL', url)
  if (username !== '' || password !== '') {
    throw invalidInput(
      at,
      'expected no user or password in the URL (use an authorization header)',
      start.replace(/\/\/.*@/, '//…@'),
    )
  }
  return { origin, path: rest.startsWith('/') ? rest : `/${rest}` }
}

/** Users write spaces and non-ASCII letters literally; what is already encoded is left unchanged. */
const urlEncoding: Encoding = {
  literal: (text) => text.toWellFormed().replaceAll(/[^\x21-\x7e]+/g, encodeURIComponent),
  value: (text) => encodeURIComponent(text.toWellFormed()),
}

/** Set by the connection or by Assay. */
const reservedHeaders = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'traceparent',
  'transfer-encoding',
  'upgrade',
])

function compileHeaders(headers: Record<string, string>, at: readonly string[]) {
  const compiled = Object.entries(headers).map(([given, value]) => {
    const name = given.toLowerCase()
    if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name)) throw invalidInput(at, 'expected names of HTTP headers', given)
    if (reservedHeaders.has(name))
      throw invalidInput([...at, given], `expected no header ${name}: it is set for every call`, value)
    const unsendable = unsendableIn(value)
    if (unsendable)
      throw new InvalidInputError(`${[...at, given].join('.')}: ${expectedLine}, got ${unsendable}.`, [...at, given])
    return [name, compileText(value, [...at, given])] as const
  })
  return (item: TaskItem): Record<string, string> =>
    Object.fromEntries(
      compiled.map(([name, render]) => {
        const value = render(item)
        const unsendable = unsendableIn(value)
        if (unsendable === null) return [name, value]
        const message = `The header ${name}: ${expectedLine}, got ${unsendable}.`
        throw new TaskError('INVALID_INPUT', message, { retryable: false })
      }),
    )
}

const expectedLine = 'expected one line of Latin-1 text'

/** Names the first character that a header cannot have; never quotes the value, which may be a credential. */
function unsendableIn(value: string): string | null {
  const index = value.search(/[^\t\x20-\x7e\x80-\xff]/u)
  if (index === -1) return null
  const code = value.codePointAt(index)?.toString(16).toUpperCase().padStart(4, '0')
  return `U+${code} as character ${index + 1}`
}

const defaultBody = { input: '{{input}}', metadata: '{{metadata}}' }

function compileBody(spec: HttpTaskSpec, at: readonly string[]): (item: TaskItem) => string | null {
  if (spec.method === 'GET') {
    if (spec.body !== null) throw invalidInput(at, 'expected no body with the method GET', spec.body)
    return () => null
  }
  const body = compileJson(spec.body ?? defaultBody, at)
  const write = writers[contentTypeOf(spec.headers)] ?? JSON.stringify
  return (item) => write(body(item))
}

function contentTypeOf(headers: Record<string, string>): string {
  const [, value = ''] = Object.entries(headers).find(([name]) => name.toLowerCase() === 'content-type') ?? []
  return value.split(';', 1)[0]?.trim().toLowerCase() ?? ''
}

const asText = (value: Json) => (typeof value === 'string' ? value : value === null ? '' : JSON.stringify(value))

/** How a body is sent by its content type; as JSON in any other. */
const writers: Record<string, (body: Json) => string> = {
  'text/plain': asText,
  'application/x-www-form-urlencoded': (body) =>
    typeof body === 'object' && body !== null && !Array.isArray(body)
      ? String(new URLSearchParams(Object.entries(body).map(([name, value]) => [name, asText(value)])))
      : asText(body),
}
