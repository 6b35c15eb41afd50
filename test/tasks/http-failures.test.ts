import net from 'node:net'
import { describe, expect, it } from 'vitest'
import { callTask } from '../../src/tasks/call-task.ts'
import { endCalculationsAfter } from '../helpers/heavy-work.ts'
import { type Endpoint, useEndpoint } from './http-endpoint.ts'
import { taskContext, taskItem } from './task-items.ts'

const endpoint = useEndpoint()
const task: Endpoint['task'] = (...args) => endpoint().task(...args)
const failure: Endpoint['failure'] = (...args) => endpoint().failure(...args)

describe('a failing endpoint', () => {
  it.each([
    ['/hang', 'TIMEOUT', true],
    ['/slowHeaders', 'TIMEOUT', true],
    ['/hangingBody', 'TIMEOUT', true],
  ])('%s is stopped by the timeout', async (path, code, retryable) => {
    expect(await failure(path, {}, 100)).toMatchObject({ code, retryable, message: 'No result within 100 ms.' })
  })

  it.each([
    ['/reset', 'CONNECTION_FAILED', true, 'the server reset'],
    ['/continue', 'CONNECTION_FAILED', false, '100 Continue'],
    ['/halfBody', 'CONNECTION_FAILED', true, 'before the response was complete'],
    ['/halfChunkedBody', 'CONNECTION_FAILED', true, 'before the response was complete'],
    ['/halfJson', 'MALFORMED_RESPONSE', true, 'the response is not valid JSON: {"answer": "forty'],
    ['/html', 'MALFORMED_RESPONSE', false, 'the response is text/html, not JSON: <h1>Log in</h1>'],
    ['/hugeBody', 'RESPONSE_TOO_LARGE', false, 'more than 10 MB'],
    ['/nul', 'INVALID_OUTPUT', false, 'answer is text with the character U+0000'],
    ['/redirect', 'HTTP_STATUS', false, '302, a redirect to http://169.254.169.254/latest'],
    ['/longError', 'HTTP_STATUS', true, 'answered 500: Traceback: xxx'],
  ])('%s is a typed error', async (path, code, retryable, message) => {
    const error = await failure(path)
    expect(error).toMatchObject({ code, retryable, message: expect.stringContaining(message) })
    expect(error.message.length).toBeLessThan(400)
    expect(error.message).toContain(path === '/nul' ? 'output' : `POST ${endpoint().server.url}${path}`)
  })

  it.each([
    [400, false],
    [401, false],
    [404, false],
    [408, true],
    [422, false],
    [425, true],
    [500, true],
    [501, false],
    [502, true],
    [504, true],
    [529, true],
  ])('that responds with %i can be retried: %s', async (status, retryable) => {
    expect(await failure(`/${status}`)).toMatchObject({
      code: 'HTTP_STATUS',
      retryable,
      message: `POST ${endpoint().server.url}/${status} answered ${status}: (no content)`,
    })
  })

  it.each([
    ['/limited', 'RATE_LIMITED', 7_000],
    ['/limitedUntil', 'RATE_LIMITED', 90_000],
    ['/limitedSince', 'RATE_LIMITED', 0],
    ['/limitedOddly', 'RATE_LIMITED', null],
    ['/unavailable', 'HTTP_STATUS', 2_000],
  ])('%s may specify a delay', async (path, code, retryAfterMs) => {
    expect(await failure(path)).toMatchObject({ code, retryable: true, retryAfterMs })
  })

  it('that lacks the output is quoted in the error', async () => {
    expect(await failure('/answer', { outputPath: '$.text' })).toMatchObject({
      code: 'OUTPUT_NOT_FOUND',
      retryable: false,
      message: expect.stringContaining('the response has nothing at $.text: {"answer":"forty-two"'),
    })
  })

  it('that lacks the output, or answers with an error, has cost what it says', async () => {
    const paths = { costPath: '$.cost', inputTokensPath: '$.usage.input', outputTokensPath: '$.usage.output' }
    const usage = { costUsd: 0.002, inputTokens: 12, outputTokens: 3 }
    expect(await failure('/answer', { ...paths, outputPath: '$.text' })).toMatchObject({ spent: usage })
    expect(await failure('/paidError', paths)).toMatchObject({ code: 'HTTP_STATUS', spent: usage })
  })

  it.each([
    ['/nested', 24, 300, /: it (needed more than 512 MB|took longer than 0.3 s) to calculate\.$/],
    ['/nestedText', 12, 10_000, /: expected at most 10 MB, got 21 MB\.$/],
  ])('%s that is too much to select from has cost what it says', async (path, depth, selectionMs, message) => {
    endCalculationsAfter({ selectionMs })
    const outputPath = `$.nested${'[*,*]'.repeat(depth)}`
    const error = await failure(path, { costPath: '$.cost', outputPath })
    expect(error).toMatchObject({ code: 'OUTPUT_NOT_FOUND', retryable: false, spent: { costUsd: 0.5 } })
    expect(error.message).toContain(`The output could not be selected from the response with ${outputPath}`)
    expect(error.message).toMatch(message)
  })

  it.each([
    ['/bigInteger', 'number', 'at order in the output, got 9007199254740993'],
    ['/bigInteger', '$.order', 'in the output, got 9007199254740993'],
    ['/bigInteger', '$..order', 'at 0 in the output, got 9007199254740993'],
  ])('%s that a double cannot hold is refused with its path: %s', async (path, outputPath, message) => {
    const parts = outputPath.startsWith('$') ? { outputPath } : {}
    expect(await failure(path, { costPath: '$.cost', ...parts })).toMatchObject({
      code: 'INVALID_OUTPUT',
      message: expect.stringContaining(message),
      spent: { costUsd: 0.5 },
    })
  })

  it.each([
    ['/unknownCharset', 'expected an answer in a charset that browsers know, got klingon'],
    ['/wrongCharset', 'expected an answer in utf-8, got bytes that are not'],
    ['/unknownEncoding', 'expected an answer in gzip, deflate, br, zstd or no content encoding, got compress'],
  ])('%s is one clear final error', async (path, message) => {
    expect(await failure(path)).toMatchObject({
      code: 'MALFORMED_RESPONSE',
      retryable: false,
      message: expect.stringContaining(message),
    })
  })

  it('that is not listening refuses the connection', async () => {
    const free = net.createServer()
    await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve))
    const { port } = free.address() as net.AddressInfo
    await new Promise((resolve) => free.close(resolve))
    for (const host of ['127.0.0.1', 'localhost']) {
      expect(await failure('', { url: `http://${host}:${port}/x` })).toMatchObject({
        code: 'CONNECTION_REFUSED',
        retryable: true,
        message: `POST http://${host}:${port}/x failed: nothing is listening there (connection refused).`,
      })
    }
  })

  it('that has no name in DNS is a failed connection', async () => {
    const error = await failure('', { url: 'http://no-such-host.invalid/' })
    expect(error).toMatchObject({ code: 'CONNECTION_FAILED', retryable: true })
  })

  it('leaves the connection usable: responses of every kind alternate on few sockets', async () => {
    const before = endpoint().server.connections()
    for (let round = 0; round < 20; round++) {
      await failure(round % 2 === 0 ? '/500' : '/longError')
      await task({ url: `${endpoint().server.url}/answer` })(taskItem(), taskContext())
    }
    expect(endpoint().server.connections() - before).toBeLessThan(4)
  })
})

describe('the time limit', () => {
  it('is for the call, and not for what a path takes in its response', async () => {
    const url = `${endpoint().server.url}/nested`
    const select = task({ url, outputPath: `$.nested${'[*,*]'.repeat(17)}` })
    const { output } = await callTask(select, taskItem(), { ...taskContext(), timeoutMs: 150 })
    expect(output).toHaveLength(2 ** 17)
  })
})

describe('an interrupted call', () => {
  it('ends with the reason of its signal', async () => {
    const controller = new AbortController()
    const reason = new Error('shutdown')
    const call = task({ url: `${endpoint().server.url}/hang` })(taskItem(), taskContext(controller.signal))
    controller.abort(reason)
    await expect(call).rejects.toBe(reason)
  })
})
