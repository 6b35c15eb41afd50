/** Answers about finished runs that are given again without asking the database: until something may have changed. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { createClient } from 'graphql-ws'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
import { transaction } from '../../src/db/client.ts'
import { channels, Listener } from '../../src/db/listener.ts'
import { upsertDatasetItems } from '../../src/engine/datasets/items.ts'
import { createApiKey, revokeApiKey } from '../../src/engine/projects/api-keys.ts'
import { updateRun } from '../../src/engine/runs/update-run.ts'
import { setScore } from '../../src/engine/scores.ts'
import { ChangeWatch, maxAgeMs } from '../../src/server/finished-runs/change-watch.ts'
import { startServer } from '../../src/server/start-server.ts'
import { seedDataset } from '../helpers/engine.ts'
import { recordRun, recordTwoRuns } from '../helpers/recorded-runs.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'
import { recordStatements } from '../helpers/statements.ts'

/** It stands, so that nothing is read again because it has become old. */
let now = 0
const clock = { now: () => now, after: () => () => {} }

/** Hears nothing but what the test says, and is told so: what changes has to be known without it. */
class DeafListener {
  readonly isConnected = true
  readonly #heard = new Map<string, Set<(payload: string) => void>>()
  on(channel: string, onMessage: (payload: string) => void) {
    const those = this.#heard.get(channel) ?? new Set()
    this.#heard.set(channel, those.add(onMessage))
    return () => those.delete(onMessage)
  }
  hear(channel: string, payload = '') {
    for (const heard of this.#heard.get(channel) ?? []) heard(payload)
  }
}

let t: TestServer
/** Of another server on the same database, which hears nothing from it. */
let deaf: DeafListener
let deafUrl: string
let datasetId: string
let runs: string[]
let admin: string
const stops: (() => Promise<void>)[] = []

async function serve(listener: Listener): Promise<string> {
  const { url, stop } = await startServer({ ...t, listener, host: '127.0.0.1', port: 0, clock })
  stops.push(stop)
  return url
}

beforeAll(async () => {
  t = await startTestServer({}, { clock })
  admin = await bearer()
  deaf = new DeafListener()
  deafUrl = await serve(deaf as unknown as Listener)
  ;({ datasetId, runs } = await recordTwoRuns(t))
})
afterAll(async () => {
  for (const stop of stops) await stop()
  await t[Symbol.asyncDispose]()
})

async function newKey() {
  const { key, apiKey } = await createApiKey(t.db, t.scope, { name: 'mine', role: 'ADMIN' })
  return { authorization: `Bearer ${key}`, id: apiKey.id }
}
const bearer = async () => (await newKey()).authorization

const page = `query ($baseline: ID!, $candidates: [ID!]!) {
  compareRuns(baselineId: $baseline, candidateIds: $candidates) {
    rows(first: 10) { nodes { cells { run { id name } items { output scores { value source comment } } } } }
  }
}`

async function ask(url: string, headers: Record<string, string>) {
  const [baseline, ...candidates] = runs.map((id) => encodeGlobalId('Run', id))
  const address = new URL(`${url}/graphql`)
  address.searchParams.set('query', page)
  address.searchParams.set('variables', JSON.stringify({ baseline, candidates }))
  const response = await fetch(address, { headers: { accept: 'application/json', ...headers } })
  return { status: response.status, tag: response.headers.get('etag') ?? '', text: await response.text() }
}

async function statementsOf(url: string, headers: Record<string, string>): Promise<number> {
  const [, statements] = await recordStatements(() => ask(url, headers))
  return statements.length
}

/** Asks until it is answered without a statement. @returns that answer */
async function untilUnread(url: string, headers: Record<string, string>) {
  await expect.poll(() => statementsOf(url, headers)).toBe(0)
  return ask(url, headers)
}

test('an equal request is answered without a statement for a second, also with 304, and then by one', async () => {
  const headers = { authorization: admin }
  const { tag, text } = await untilUnread(t.url, headers)
  expect(text).toContain('"compareRuns"')
  const [known, none] = await recordStatements(() => ask(t.url, { ...headers, 'if-none-match': tag }))
  expect([known.status, known.tag, known.text, none.length]).toEqual([304, tag, '', 0])
  now += maxAgeMs
  expect(await statementsOf(t.url, headers)).toBe(0)
  now += 1
  expect(await statementsOf(t.url, headers)).toBe(1)
  expect(await statementsOf(t.url, headers)).toBe(0)
})

test('another request, and one with other credentials, is not', async () => {
  await untilUnread(t.url, { authorization: admin })
  expect((await ask(t.url, { authorization: 'Bearer unknown' })).status).toBe(401)
  expect((await ask(t.url, {})).status).toBe(401)
  expect(await statementsOf(t.url, { authorization: admin, 'x-assay-project': 'default' })).toBeGreaterThan(0)
  expect(await statementsOf(t.url, { authorization: await bearer() })).toBeGreaterThan(0)
})

/** Sends a mutation to a server that hears nothing of what it writes. */
async function mutate(input: string, value: object, authorization = admin): Promise<void> {
  const [name = '', type] = input.split(': ')
  const response = await fetch(`${deafUrl}/graphql`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({
      query: `mutation ($input: ${type}!) { ${name}(input: $input) { __typename } }`,
      variables: { input: value },
    }),
  })
  expect(await response.json()).toEqual({ data: { [name]: { __typename: expect.stringMatching(/Payload$/) } } })
}

describe('who has the answer of this server to a write sees it at once, whatever the server hears', () => {
  const scored = () => ({ target: { runItemId: encodeGlobalId('RunItem', `${runs[1]}:0`) }, name: 'good', value: 1 })
  test.each<[string, () => Promise<unknown>, RegExp]>([
    [
      'a score',
      () => mutate('setScore: SetScoreInput', { ...scored(), dataType: 'BOOLEAN', comment: 'seen here' }),
      /seen here/,
    ],
    [
      'the settings of a run',
      () => mutate('updateRun: UpdateRunInput', { id: encodeGlobalId('Run', runs[0] ?? ''), priority: 3 }),
      /compareRuns/,
    ],
    [
      'a dataset',
      () =>
        mutate('updateDataset: UpdateDatasetInput', {
          id: encodeGlobalId('Dataset', datasetId),
          description: 'other',
        }),
      /compareRuns/,
    ],
    [
      'an import',
      async () => {
        const { name } = await t.db.prisma.dataset.findUniqueOrThrow({ where: { id: datasetId } })
        const init = { method: 'POST', headers: { authorization: admin }, body: '{"input":"imported"}\n' }
        expect((await fetch(`${deafUrl}/import/${name}`, init)).status).toBe(200)
      },
      /compareRuns/,
    ],
  ])('%s', async (_what, change, shown) => {
    const headers = { authorization: admin }
    const { tag } = await untilUnread(deafUrl, headers)
    await change()
    const after = await ask(deafUrl, headers)
    expect(after.tag).not.toBe(tag)
    expect(after.text).toMatch(shown)
  })

  test('a revoked key gets nothing', async () => {
    const { authorization, id } = await newKey()
    await untilUnread(deafUrl, { authorization })
    await mutate('revokeApiKey: RevokeApiKeyInput', { id: encodeGlobalId('ApiKey', id) })
    expect((await ask(deafUrl, { authorization })).status).toBe(401)
  })

  test('a session that was ended gets nothing', async () => {
    const fromPage = { origin: deafUrl, 'content-type': 'application/json' }
    const key = (await bearer()).slice('Bearer '.length)
    const body = JSON.stringify({ key })
    const signedIn = await fetch(`${deafUrl}/session`, { method: 'POST', headers: fromPage, body })
    const cookie = signedIn.headers.get('set-cookie')?.split(';')[0] ?? ''
    await untilUnread(deafUrl, { cookie })
    await fetch(`${deafUrl}/session`, { method: 'DELETE', headers: { ...fromPage, cookie } })
    expect((await ask(deafUrl, { cookie })).status).toBe(401)
  })

  test('while a write is being answered nothing is given unread', async () => {
    const headers = { authorization: admin }
    await untilUnread(deafUrl, headers)
    await transaction(t.db.pool, async (client) => {
      await client.query('SELECT FROM run WHERE id = $1 FOR UPDATE', [runs[0]])
      const writing = mutate('updateRun: UpdateRunInput', { id: encodeGlobalId('Run', runs[0] ?? ''), priority: 4 })
      await expect.poll(() => waiting()).toBe(1)
      expect(await statementsOf(deafUrl, headers)).toBe(1)
      await client.query('COMMIT')
      await writing
    })
    await untilUnread(deafUrl, headers)
  })

  test('a mutation over a WebSocket counts, too', async () => {
    const headers = { authorization: admin }
    const { tag } = await untilUnread(deafUrl, headers)
    const socket = createClient({
      url: `${deafUrl.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: headers,
    })
    const query = `mutation { updateRun(input: { id: "${encodeGlobalId('Run', runs[0] ?? '')}", priority: 5 }) { __typename } }`
    for await (const { data } of socket.iterate({ query })) expect(data).toHaveProperty('updateRun')
    expect((await ask(deafUrl, headers)).tag).not.toBe(tag)
    await socket.dispose()
  })

  test('a write that fails, and one whose response nobody reads, has an end', async () => {
    const headers = { authorization: admin }
    for (const path of ['import/a', 'attachments', 'session']) {
      await fetch(`${deafUrl}/${path}`, { method: 'POST', headers: { authorization: 'Bearer unknown' }, body: 'a' })
    }
    await untilUnread(deafUrl, headers)
    const { hostname, port, host } = new URL(deafUrl)
    const unread = connect(Number(port), hostname).pause()
    const large = `GET /graphiql/graphiql.js HTTP/1.1\r\nHost: ${host}\r\n\r\n`
    const cookie = `assay_session_${port}=unknown`
    const signOut = `DELETE /session HTTP/1.1\r\nHost: ${host}\r\nOrigin: ${deafUrl}\r\nCookie: ${cookie}\r\n\r\n`
    unread.write(`${large.repeat(20)}${signOut}`)
    await expect.poll(() => statementsOf(deafUrl, headers)).toBe(1)
    await untilUnread(deafUrl, headers)
    unread.destroy()
  })

  test('who is not known does not keep answers from being given unread', async () => {
    const headers = { authorization: admin }
    const { hostname, port, host } = new URL(deafUrl)
    const half = connect(Number(port), hostname)
    const sent = `Host: ${host}\r\nOrigin: ${deafUrl}\r\nContent-Type: application/json\r\nContent-Length: 9\r\nExpect: 100-continue`
    half.write(`POST /session HTTP/1.1\r\n${sent}\r\n\r\n`)
    await once(half, 'data')
    await untilUnread(deafUrl, headers)
    half.destroy()
  })
})

describe('what another process writes is seen once it is heard of, before anything becomes old', () => {
  test.each<[string, () => Promise<unknown>]>([
    [
      'a score',
      () =>
        setScore(t.services, t.scope, {
          ...{ runId: runs[1] ?? '', ordinal: 2, name: 'good', source: 'HUMAN', dataType: 'BOOLEAN', value: 0 },
        }),
    ],
    ['the settings of a run', () => updateRun(t.services, t.scope, { id: runs[1] ?? '', priority: 7 })],
    [
      'any column of a run that has finished',
      () => t.db.pool.query(`UPDATE run SET name = 'b' WHERE id = $1`, [runs[1]]),
    ],
    [
      'items of the dataset',
      () => upsertDatasetItems(t.services, t.scope, { datasetId, items: [{ key: 'new', input: 4 }] }),
    ],
    ['the dataset', () => t.db.pool.query(`UPDATE dataset SET description = 'b' WHERE id = $1`, [datasetId])],
    [
      'the experiment',
      () =>
        t.db.pool.query(
          `UPDATE experiment SET description = 'b' WHERE id = (SELECT experiment_id FROM run WHERE id = $1)`,
          [runs[0]],
        ),
    ],
  ])('%s', async (_what, change) => {
    const headers = { authorization: admin }
    const { tag } = await untilUnread(t.url, headers)
    await change()
    await expect.poll(async () => (await ask(t.url, headers)).tag).not.toBe(tag)
  })

  test.each<[string, (id: string) => Promise<unknown>]>([
    ['a key is revoked', (id) => revokeApiKey(t.db, t.scope, id)],
    [
      'a key is revoked by a statement',
      (id) => t.db.pool.query('UPDATE api_key SET revoked_at = now() WHERE id = $1', [id]),
    ],
    ['a key is deleted', (id) => t.db.pool.query('DELETE FROM api_key WHERE id = $1', [id])],
  ])('%s', async (_what, change) => {
    const { authorization, id } = await newKey()
    await untilUnread(t.url, { authorization })
    await change(id)
    await expect.poll(async () => (await ask(t.url, { authorization })).status).toBe(401)
  })

  test('a change of other runs, and that a key is used, is none', async () => {
    const other = await recordRun(t, await seedDataset(t, [1]), [{ item: 0 }])
    const headers = { authorization: admin }
    await untilUnread(t.url, headers)
    const heard = new Promise<void>((resolve) => {
      const off = t.listener.on(channels.run, (payload) => {
        if (!payload.startsWith(other)) return
        off()
        resolve()
      })
    })
    await t.db.pool.query('UPDATE api_key SET last_used_at = now()')
    await t.db.pool.query('UPDATE run SET priority = 1 WHERE id = $1', [other])
    await heard
    expect(await statementsOf(t.url, headers)).toBe(0)
  })
})

test('while the server does not hear of changes, every request asks the database', async () => {
  const listener = await new Listener(t.db.url).start()
  const url = await serve(listener)
  const headers = { authorization: admin }
  await untilUnread(url, headers)
  await listener.close()
  expect(await statementsOf(url, headers)).toBe(1)
  expect(await statementsOf(url, headers)).toBe(1)
})

test('a server that lost its connection trusts nothing from before', async () => {
  const listener = await new Listener(t.db.url).start()
  const url = await serve(listener)
  const headers = { authorization: admin }
  await untilUnread(url, headers)
  const missed = new Promise<void>((resolve) => listener.on(channels.echo, () => {}, resolve))
  // The newest one that listens is its own.
  await t.db.pool.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND query = 'LISTEN ${Object.values(channels).at(-1)}'
     ORDER BY backend_start DESC LIMIT 1`,
  )
  await missed
  expect(await statementsOf(url, headers)).toBe(1)
  expect(await statementsOf(url, headers)).toBe(0)
  await listener.close()
})

test('what was heard of while the database was asked counts as later', async () => {
  const headers = { authorization: admin }
  // It has not heard of what the tests before it changed.
  now += maxAgeMs + 1
  await untilUnread(deafUrl, headers)
  now += maxAgeMs + 1
  await transaction(t.db.pool, async (client) => {
    await client.query('LOCK TABLE api_key')
    const asked = ask(deafUrl, headers)
    await expect.poll(() => waiting()).toBe(1)
    deaf.hear(channels.key)
    await client.query('COMMIT')
    expect((await asked).status).toBe(200)
  })
  expect(await statementsOf(deafUrl, headers)).toBe(1)
  expect(await statementsOf(deafUrl, headers)).toBe(0)
})

test('of more runs than are remembered, each may have changed', () => {
  const listener = new DeafListener()
  const changes = new ChangeWatch(listener as unknown as Listener, clock)
  const hear = (from: number, to: number) => {
    for (let n = from; n < to; n += 1) listener.hear(channels.run, `${n}:1`)
  }
  hear(0, 10_000)
  const moment = changes.moment()
  hear(0, 1)
  expect([changes.isUnchanged(moment, ['0']), changes.isUnchanged(moment, ['1', '2'])]).toEqual([false, true])
  hear(10_000, 10_001)
  expect(changes.isUnchanged(moment, ['1'])).toBe(false)
  expect(changes.isUnchanged(changes.moment(), ['1', '10000'])).toBe(true)
})

async function waiting(): Promise<number> {
  const { rows } = await t.db.pool.query<{ count: number }>(
    `SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
  )
  return rows[0]?.count ?? 0
}
