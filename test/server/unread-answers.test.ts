/**
 * Answers about finished runs that are given again without asking the database, until something may have changed: what
 * other processes write. What this server has written itself: unread-own-writes.test.ts.
 */
import { describe, expect, test } from 'vitest'
import { transaction } from '../../src/db/client.ts'
import { channels, Listener } from '../../src/db/listener.ts'
import { upsertDatasetItems } from '../../src/engine/datasets/items.ts'
import { revokeApiKey } from '../../src/engine/projects/api-keys.ts'
import { updateRun } from '../../src/engine/runs/update-run.ts'
import { setScore } from '../../src/engine/scores.ts'
import { ChangeWatch, maxAgeMs } from '../../src/server/change-watch.ts'
import { seedDataset } from '../helpers/engine.ts'
import { recordRun } from '../helpers/recorded-runs.ts'
import { recordStatements } from '../helpers/statements.ts'
import {
  admin,
  advance,
  ask,
  bearer,
  clock,
  DeafListener,
  datasetId,
  deaf,
  deafUrl,
  newKey,
  runs,
  serve,
  statementsOf,
  t,
  untilUnread,
  useServers,
  waiting,
} from './unread-servers.ts'

useServers()

test('an equal request is answered without a statement for a second, also with 304, and then by one', async () => {
  const headers = { authorization: admin }
  const { tag, text } = await untilUnread(t.url, headers)
  expect(text).toContain('"compareRuns"')
  const [known, none] = await recordStatements(() => ask(t.url, { ...headers, 'if-none-match': tag }))
  expect([known.status, known.tag, known.text, none.length]).toEqual([304, tag, '', 0])
  advance(maxAgeMs)
  expect(await statementsOf(t.url, headers)).toBe(0)
  advance(1)
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
  advance(maxAgeMs + 1)
  await untilUnread(deafUrl, headers)
  advance(maxAgeMs + 1)
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
