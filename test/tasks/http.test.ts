import { describe, expect, it } from 'vitest'
import { InvalidInputError } from '../../src/domain/errors.ts'
import type { TaskItem } from '../../src/domain/execution/task.ts'
import { parseTaskSpec } from '../../src/tasks/registry.ts'
import { type Endpoint, useEndpoint } from './http-endpoint.ts'
import { noFunctions, taskContext, taskItem } from './task-items.ts'

const endpoint = useEndpoint()
const task: Endpoint['task'] = (...args) => endpoint().task(...args)

/** The request that the server receives for an item. */
async function sent(parts: Record<string, unknown>, item: Partial<TaskItem> = {}) {
  await task({ url: `${endpoint().server.url}/answer`, ...parts })(taskItem(item), taskContext())
  const request = endpoint().server.requests[0]
  if (!request) throw new Error('nothing was sent')
  return request
}

describe('the request', () => {
  it('is by default a POST of input and metadata as JSON, with the trace context', async () => {
    const request = await sent({})
    expect(request).toMatchObject({ method: 'POST', url: '/answer' })
    expect(JSON.parse(request.body)).toEqual({ input: { question: 'How much is 6 * 7?' }, metadata: { lang: 'en' } })
    expect(request.headers).toMatchObject({
      'content-type': 'application/json',
      traceparent: taskContext().traceparent,
    })
  })

  it('never contains the expected output', async () => {
    const { body, headers, url } = await sent({})
    expect(JSON.stringify([body, headers, url])).not.toContain('SECRET')
    for (const place of [
      { body: 'x {{expectedOutput}}' },
      { url: `${endpoint().server.url}/{{ expectedOutput.a }}` },
    ]) {
      expect(() => task({ url: endpoint().server.url, ...place })).toThrow('the expected output is never sent')
    }
  })

  it('keeps the type of a value that is a whole string and interpolates inside of text', async () => {
    const body = {
      q: '{{input.question}}',
      n: '{{input.n}}',
      list: ['{{ input.list }}', '{{input.list.1}}'],
      text: 'Q: {{input.question}} / {{input.list}} / {{input.none}} / {{repetition}} {not} {{',
      '{{input}}': 5,
      who: '{{id}} {{key}}',
    }
    const request = await sent({ body }, { input: { question: 'Say "hi"', n: 3, list: ['a', true], none: null } })
    expect(JSON.parse(request.body)).toEqual({
      q: 'Say "hi"',
      n: 3,
      list: [['a', true], true],
      text: 'Q: Say "hi" / ["a",true] /  / 0 {not} {{',
      '{{input}}': 5,
      who: '7 seven',
    })
  })

  it('carries null and empty inputs as they are', async () => {
    expect(JSON.parse((await sent({}, { input: null, metadata: null })).body)).toEqual({ input: null, metadata: null })
    endpoint().server.requests.length = 0
    expect(JSON.parse((await sent({ body: '{{input}}' }, { input: '' })).body)).toBe('')
  })

  it('encodes values in the URL, and literal text in it', async () => {
    const url = `${endpoint().server.url}/answer?q={{input.full question}}&über uns=%20#part`
    const { url: seen } = await sent({ url, method: 'GET' }, { input: { 'full question': 'a&b=c/ü?#' } })
    expect(seen).toBe('/answer?q=a%26b%3Dc%2F%C3%BC%3F%23&%C3%BCber%20uns=%20')
  })

  it('is sent with the templated headers of the task', async () => {
    const headers = {
      'X-Lang': '{{metadata.lang}}',
      Authorization: 'Bearer abc',
      'content-type': 'application/vnd.x+json',
    }
    expect((await sent({ headers, method: 'PUT' })).headers).toMatchObject({
      'x-lang': 'en',
      authorization: 'Bearer abc',
      'content-type': 'application/vnd.x+json',
    })
  })

  it.each([
    ['text/plain', 'Q: {{input.question}}', 'Q: How much is 6 * 7?'],
    ['text/plain; charset=utf-8', '{{input}}', '{"question":"How much is 6 * 7?"}'],
    [
      'application/x-www-form-urlencoded',
      { q: '{{input.question}}', all: '{{input}}', none: null },
      'q=How+much+is+6+*+7%3F&all=%7B%22question%22%3A%22How+much+is+6+*+7%3F%22%7D&none=',
    ],
    ['application/x-www-form-urlencoded', 'q={{repetition}}', 'q=0'],
    ['application/json', 'Q: {{input.question}}', '"Q: How much is 6 * 7?"'],
  ])('has the body that %s says: %j', async (type, body, expected) => {
    expect((await sent({ headers: { 'Content-Type': type }, body })).body).toBe(expected)
  })

  it('has braces that are escaped as they are', async () => {
    const url = `${endpoint().server.url}/answer?t=\\{{input}}`
    const request = await sent({ url, body: ['\\{{input}}', 'a \\{{name}} {{key}}'], headers: { 'x-a': '\\{{a}}' } })
    expect([request.url, request.headers['x-a'], JSON.parse(request.body)]).toEqual([
      '/answer?t={{input}}',
      '{{a}}',
      ['{{input}}', 'a {{name}} seven'],
    ])
  })

  it('has no body with GET', async () => {
    const request = await sent({ method: 'GET' })
    expect(request).toMatchObject({ method: 'GET', body: '' })
    expect(request.headers['content-type']).toBeUndefined()
  })

  it.each([
    ['a missing member', { body: '{{input.nope}}' }, "needs {{input.nope}}, but the item's input has only question"],
    ['an inherited member', { body: '{{input.constructor}}' }, "but the item's input has only question"],
    ['a member of text', { body: '{{input.question.x}}' }, "but the item's input.question is a string"],
    [
      'a header of two lines',
      { headers: { 'x-q': '{{metadata.two}}' } },
      'The header x-q: expected one line of Latin-1 text, got U+000D as character 2.',
    ],
    [
      'a credential of two lines',
      { headers: { authorization: 'Bearer sk-secret{{metadata.two}}' } },
      'The header authorization: expected one line of Latin-1 text, got U+000D as character 18.',
    ],
  ])('is not made for an item with %s', async (_, parts, message) => {
    const call = task({ url: `${endpoint().server.url}/answer`, ...parts })(
      taskItem({ metadata: { two: 'a\r\nb' } }),
      taskContext(),
    )
    await expect(call).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      retryable: false,
      message: expect.stringContaining(message),
    })
    expect(endpoint().server.requests).toEqual([])
  })
})

describe('the response', () => {
  it('is the output as a whole unless there is a path', async () => {
    const result = await task({ url: `${endpoint().server.url}/answer` })(taskItem(), taskContext())
    expect(result).toEqual({
      output: { answer: 'forty-two', cost: 0.002, usage: { input: 12, output: 3 }, choices: ['a', 'b'] },
      costUsd: null,
      inputTokens: null,
      outputTokens: null,
    })
  })

  it('yields output, cost and tokens at their paths', async () => {
    const paths = {
      outputPath: '$.answer',
      costPath: '$.cost',
      inputTokensPath: '$.usage.input',
      outputTokensPath: '$.usage.output',
    }
    const result = await task({ url: `${endpoint().server.url}/answer`, ...paths })(taskItem(), taskContext())
    expect(result).toEqual({ output: 'forty-two', costUsd: 0.002, inputTokens: 12, outputTokens: 3 })
  })

  it.each([
    ['JSON without a content type', '/untyped', {}, 'forty-two'],
    ['plain text', '/text', {}, 'forty-two'],
    ['plain text that is JSON, with a path', '/jsonAsText', { outputPath: '$.answer' }, 42],
    ['plain text that is JSON, without one', '/jsonAsText', {}, '{"answer": 42}'],
    ['nothing', '/nothing', {}, null],
    ['null', '/null', {}, null],
    ['several values', '/answer', { outputPath: '$.choices[*]' }, ['a', 'b']],
    ['none of several values', '/emptyList', { outputPath: '$.list[*]' }, []],
    ['a part beside a number that is not kept', '/bigInteger', { outputPath: '$.text' }, 'café'],
    ['Latin-1', '/latin1', {}, 'café'],
    ['JSON in gzip', '/gzip', { outputPath: '$.text' }, 'café'],
    ['JSON in brotli', '/br', { outputPath: '$.text' }, 'café'],
  ])('may be %s', async (_, path, parts, output) => {
    const result = await task({ url: endpoint().server.url + path, ...parts })(taskItem(), taskContext())
    expect(result.output).toEqual(output)
  })

  it('has an unknown cost when there is none', async () => {
    const call = (path: string, costPath: string) =>
      task({ url: endpoint().server.url + path, costPath })(taskItem(), taskContext())
    expect((await call('/answer', '$.price')).costUsd).toBeNull()
    expect(await call('/freeText', '$.cost')).toMatchObject({ output: { cost: 'cheap', tokens: 1.5 }, costUsd: null })
    expect((await call('/costAsText', '$.cost')).costUsd).toBe(0.01)
  })
})

describe('an invalid HTTP task is rejected when it is created', () => {
  it.each([
    [{ url: 'ftp://host/x' }, ['url'], 'expected an http or https URL, got "ftp://host/x"'],
    [{ url: 'file:///etc/passwd' }, ['url'], 'expected an http or https URL'],
    [{ url: '/answer' }, ['url'], 'expected an absolute URL'],
    [{ url: 'http://{{input}}/x' }, ['url'], 'expected'],
    [{ url: 'http://user:secret@host/' }, ['url'], 'got "http://…@host"'],
    [{ url: 7 }, ['url'], 'task.http.url: expected string, got 7'],
    [{}, ['url'], 'expected string, got nothing'],
    [{ url: 'http://h', method: 'DELETE' }, ['method'], 'got "DELETE"'],
    [{ url: 'http://h/{{inputs}}' }, ['url'], 'got "{{inputs}}"'],
    [{ url: 'http://h', body: { a: ['{{input..x}}'] } }, ['body', 'a', '0'], 'got "{{input..x}}"'],
    [{ url: 'http://h', body: '{{key.x}}' }, ['body'], 'got "{{key.x}}"'],
    [{ url: 'http://h', method: 'GET', body: {} }, ['body'], 'expected no body with the method GET'],
    [
      { url: 'http://h', body: { a: () => 1 } },
      ['body'],
      'expected JSON (a is a function, which JSON cannot hold), got { a: [Function: a] }',
    ],
    [{ url: 'http://h', headers: { 'a b': 'x' } }, ['headers'], 'expected names of HTTP headers, got "a b"'],
    [{ url: 'http://h', headers: { Host: 'x' } }, ['headers', 'Host'], 'expected no header host'],
    [
      { url: 'http://h', headers: { a: 'x\ny' } },
      ['headers', 'a'],
      'one line of Latin-1 text, got U+000A as character 2.',
    ],
    [{ url: 'http://h', headers: { a: 'sk-secret 😀' } }, ['headers', 'a'], 'got U+1F600 as character 11.'],
    [{ url: 'http://h', headers: { a: 5 } }, ['headers', 'a'], 'expected string, got 5'],
    [{ url: 'http://h', outputPath: 'answer' }, ['outputPath'], 'expected a JSONPath'],
    [{ url: 'http://h', costPath: '$..cost' }, ['costPath'], 'expected a JSONPath of a single value'],
    [{ url: 'http://h', timeout: 5 }, [], 'expected no member "timeout"'],
  ])('%j', (parts, path, message) => {
    let error: unknown
    try {
      task(parts)
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(InvalidInputError)
    expect(error).toMatchObject({ path: ['task', 'http', ...path], message: expect.stringContaining(message) })
  })

  it('and so is a task of an unknown kind', () => {
    expect(() => parseTaskSpec({ kind: 'grpc' }, noFunctions.registered)).toThrow(
      'task.kind: expected one of http, module, prompt, client, echo, got "grpc"',
    )
    expect(() => parseTaskSpec(null, noFunctions.registered)).toThrow(
      'task.kind: expected one of http, module, prompt, client, echo, got nothing',
    )
  })
})
