/** What is deleted while something else begins to refer to it: it is refused, and is no defect. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
import { seedDataset, seedExperiment } from '../helpers/engine.ts'
import { recordRun } from '../helpers/recorded-runs.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'

let t: TestServer
beforeAll(async () => {
  t = await startTestServer({ tasks: [{ name: 'any', run: (input) => input }] })
})
afterAll(() => t[Symbol.asyncDispose]())

const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`

/** The answer to a mutation that has to wait for a deletion. */
async function besideDeletion(table: string, id: string, mutation: string, input: object) {
  const client = await t.db.pool.connect()
  try {
    await client.query('BEGIN')
    await client.query(`DELETE FROM ${table} WHERE id = $1`, [id])
    const name = mutation[0]?.toUpperCase() + mutation.slice(1)
    const answer = t.query(
      `mutation ($input: ${name}Input!) { result: ${mutation}(input: $input) { __typename ... on UserError { code } } }`,
      { input },
    )
    await expect.poll(async () => (await t.db.pool.query(waiting)).rowCount).toBe(1)
    await client.query('COMMIT')
    return await answer
  } finally {
    client.release(true)
  }
}

const conflict = { status: 200, data: { result: { __typename: 'ConflictError', code: 'CONFLICT' } } }
const notFound = { status: 200, data: { result: { __typename: 'NotFoundError', code: 'NOT_FOUND' } } }

test('a run that is approved as the baseline', async () => {
  const id = await recordRun(t, await seedDataset(t, [1]), [])
  const answer = await besideDeletion('run', id, 'approveBaseline', { runId: encodeGlobalId('Run', id) })
  expect(answer).toEqual(conflict)
})

test('a dataset that gets an experiment', async () => {
  const id = await seedDataset(t, [1])
  const answer = await besideDeletion('dataset', id, 'createExperiment', {
    datasetId: encodeGlobalId('Dataset', id),
    name: 'late',
    task: { module: { name: 'any' } },
  })
  expect(answer).toEqual(notFound)
})

test('an experiment that is renamed', async () => {
  const id = await seedExperiment(t, await seedDataset(t, [1]), { kind: 'module', name: 'any' })
  const answer = await besideDeletion('experiment', id, 'updateExperiment', {
    id: encodeGlobalId('Experiment', id),
    name: 'late',
  })
  expect(answer).toEqual(notFound)
})
