import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { parse } from 'graphql'
import { expect, onTestFinished, test, vi } from 'vitest'
import { CliError } from '../../src/cli/cli-error.ts'
import { followRun } from '../../src/cli/follow-run.ts'
import { ConnectionLost, GraphQLClient, Unreachable } from '../../src/cli/graphql-client.ts'
import { createApiKey, revokeApiKey } from '../../src/engine/projects/api-keys.ts'
import { openProxy } from '../helpers/cut-proxy.ts'
import { startTestServer } from '../helpers/server.ts'

test('a command whose key is not valid does not try again, and says what to do', async () => {
  await using t = await startTestServer()
  const { key, apiKey } = await createApiKey(t.db, t.scope, { name: 'leaked', role: 'READ' })
  await revokeApiKey(t.db, t.scope, apiKey.id)
  vi.stubEnv('ASSAY_API_KEY', key)
  const client = new GraphQLClient(t.url)
  vi.unstubAllEnvs()
  const error = await followRun(client, 'any')
    .next()
    .catch((error: unknown) => error)
  expect(error).toBeInstanceOf(CliError)
  expect(error).not.toBeInstanceOf(ConnectionLost)
  expect(error).toMatchObject({ message: expect.stringContaining(`Set ASSAY_API_KEY to a key of ${t.url}`) })
  await client.close()
})

test('a key is taken without the spaces and line ends around it, and one that is none is named', async () => {
  await using t = await startTestServer()
  const { key } = await createApiKey(t.db, t.scope, { name: 'from a file', role: 'READ' })
  vi.stubEnv('ASSAY_API_KEY', ` ${key}\r\n`)
  const client = new GraphQLClient(t.url)
  const error = await followRun(client, Buffer.from(`Run:${crypto.randomUUID()}`).toString('base64url'))
    .next()
    .catch((error: unknown) => error)
  expect(error).toMatchObject({ message: expect.stringMatching(/run/i) })
  expect(error).not.toMatchObject({ message: expect.stringContaining('ASSAY_API_KEY') })
  await client.close()
  vi.stubEnv('ASSAY_API_KEY', 'two\nlines')
  expect(() => new GraphQLClient(t.url)).toThrow('ASSAY_API_KEY: expected a key like assay_…')
  vi.unstubAllEnvs()
})

/** A server whose every answer is this one. */
async function answering(answer: string): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => socket.end(`HTTP/1.1 ${answer}`))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const json = (status: string, body: string) => `${status}\r\ncontent-type: application/json\r\n\r\n${body}`
const unknownField =
  '{"errors":[{"message":"Cannot query field \\"a\\".","extensions":{"code":"GRAPHQL_VALIDATION_FAILED"}}]}'

test.for([
  [
    json('400 Bad Request', unknownField),
    /is of another version of Assay than this command \(\d.*: Cannot query field "a"\./,
  ],
  [json('200 OK', 'null'), /is not an Assay server \(status 200\)/],
  ['502 Bad Gateway\r\n\r\n<html>', /^The Assay server behind http\S+ does not answer \(status 502\)\.$/],
  ['', /^There is no Assay server at http\S+ \(.+\)\. Start one with `assay serve`/],
] as const)('what answers in place of a server of this version is told: %#', async ([answer, message]) => {
  const client = new GraphQLClient(await answering(answer))
  await expect(client.request(parse('{ a }'), {})).rejects.toThrow(message)
  await client.close()
})

test('a server that cannot be reached over TLS is not said to be missing only', async () => {
  const client = new GraphQLClient((await answering('200 OK\r\n\r\n')).replace('http:', 'https:'))
  const error = await client.request(parse('{ a }'), {}).catch((error: unknown) => error)
  expect(error).toBeInstanceOf(Unreachable)
  expect(error).toMatchObject({ message: expect.stringMatching(/\((ERR_SSL|EPROTO|ECONNRESET|.*SSL)/) })
})

test('a connection in which nothing arrives any more is given up, although nobody has closed it', async () => {
  await using t = await startTestServer({}, { open: true })
  const proxy = await openProxy(new URL(t.url))
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const client = new GraphQLClient(proxy.url)
  const events = client.subscribe(parse('subscription { runsFeed { cursor } }'), {})
  await events.next()
  const next = expect(events.next()).rejects.toThrow(ConnectionLost)
  proxy.freeze()
  // A ping, and as long for its answer.
  await vi.advanceTimersByTimeAsync(25_000)
  await next
  vi.useRealTimers()
  await client.close()
})
