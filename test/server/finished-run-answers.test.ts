/** Answers about finished runs: kept, over GET tagged, and never given to anybody who may not have them. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { schema } from '../../schema/index.ts'
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
import { upsertDatasetItems } from '../../src/engine/datasets/items.ts'
import { createApiKey, revokeApiKey } from '../../src/engine/projects/api-keys.ts'
import { updateRun } from '../../src/engine/runs/update-run.ts'
import { setScore } from '../../src/engine/scores.ts'
import { maxAgeMs } from '../../src/server/change-watch.ts'
import { dependentFields } from '../../src/server/finished-runs/subject.ts'
import { FakeClock } from '../helpers/fake-clock.ts'
import { recordTwoRuns } from '../helpers/recorded-runs.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'
import { recordStatements } from '../helpers/statements.ts'

let t: TestServer
let key: string
let datasetId: string
let runs: string[]

beforeAll(async () => {
  // Every read is old by the next request. What is given without one: unread-answers.test.ts.
  t = await startTestServer({}, { clock: new FakeClock(() => maxAgeMs + 1) })
  key = (await createApiKey(t.db, t.scope, { name: 'mine', role: 'READ' })).key
  ;({ datasetId, runs } = await recordTwoRuns(t))
})
afterAll(() => t[Symbol.asyncDispose]())

const page = `query ($baseline: ID!, $candidates: [ID!]!) {
  compareRuns(baselineId: $baseline, candidateIds: $candidates) {
    metrics { metric { name } delta verdict candidate { id name } }
    rows(first: 10) {
      nodes { datasetItem { id latest { input } } cells { run { id } scores { name value } items { id status output scores { value source } } } }
      pageInfo { hasNextPage endCursor }
    }
  }
}`

function ask(query = page, headers: Record<string, string> = {}, ids = runs) {
  const [baseline, ...candidates] = ids.map((id) => encodeGlobalId('Run', id))
  const url = new URL(`${t.url}/graphql`)
  url.searchParams.set('query', query)
  url.searchParams.set('variables', JSON.stringify({ baseline, candidates }))
  return fetch(url, { headers: { authorization: `Bearer ${key}`, accept: 'application/json', ...headers } })
}

const tagOf = ({ headers }: Response) => headers.get('etag') ?? ''

test('an answer is read once, given again with its tag, and not sent to who has it', async () => {
  const [first, statements] = await recordStatements(() => ask())
  const text = await first.text()
  expect(text).toContain('"verdict"')
  expect(Object.fromEntries(first.headers)).toMatchObject({
    etag: expect.stringMatching(/^W\/"[0-9a-f]{32}"$/),
    'cache-control': 'private, no-cache',
    vary: 'authorization, cookie, accept, accept-encoding, origin, x-assay-project',
    'content-type': 'application/json; charset=utf-8',
  })
  const [again, fewer] = await recordStatements(() => ask())
  expect(await again.text()).toBe(text)
  expect([again.status, tagOf(again), again.headers.get('content-type')]).toEqual([
    200,
    tagOf(first),
    first.headers.get('content-type'),
  ])
  // The key and the tag, by one statement.
  expect(fewer).toHaveLength(1)
  expect(statements.length).toBeGreaterThan(5)
  const known = await ask(page, { 'if-none-match': tagOf(first) })
  expect([known.status, await known.text(), tagOf(known)]).toEqual([304, '', tagOf(first)])
  const [anew, all] = await recordStatements(() => ask(page, { 'cache-control': 'no-store' }))
  expect([await anew.text(), tagOf(anew)]).toEqual([text, ''])
  expect(all.length).toBeGreaterThan(5)
})

test('over POST it is kept as well, without a tag, for as long as nothing has changed', async () => {
  const post = (authorization = `Bearer ${key}`) => {
    const [baseline, ...candidates] = runs.map((id) => encodeGlobalId('Run', id))
    const headers = { authorization, 'content-type': 'application/json', accept: 'application/json' }
    const body = JSON.stringify({ query: page, variables: { baseline, candidates } })
    return fetch(`${t.url}/graphql`, { method: 'POST', headers: { ...headers, 'if-none-match': '*' }, body })
  }
  const text = await (await ask()).text()
  const first = await post()
  expect([first.status, tagOf(first), await first.text()]).toEqual([200, '', text])
  const [again, statements] = await recordStatements(() => post())
  expect([again.status, tagOf(again), await again.text()]).toEqual([200, '', text])
  expect(again.headers.get('content-type')).toBe(first.headers.get('content-type'))
  // The key, and the tag.
  expect(statements).toHaveLength(2)
  const score = { runId: runs[1] ?? '', name: 'good', source: 'HUMAN', dataType: 'BOOLEAN', value: 1 } as const
  await setScore(t.services, t.scope, { ...score, ordinal: 0 })
  expect(await (await post()).text()).toContain('"HUMAN"')
  expect((await post('Bearer unknown')).status).toBe(401)
})

test('who takes gzip gets it compressed once it is given again, and who does not gets it as it is', async () => {
  const text = await (await ask()).text()
  const coding = async () => {
    const answer = await ask()
    expect(await answer.text()).toBe(text)
    return answer.headers.get('content-encoding')
  }
  await expect.poll(coding, { timeout: 10_000 }).toBe('gzip')
  const plain = await ask(page, { 'accept-encoding': 'identity' })
  expect([plain.headers.get('content-encoding'), await plain.text()]).toEqual([null, text])
})

test('whatever changes what it is about makes another answer with another tag', async () => {
  const seen = new Set([tagOf(await ask())])
  const [baseline = '', candidate = ''] = runs
  const score = { runId: candidate, name: 'good', source: 'HUMAN', dataType: 'BOOLEAN', value: 0 } as const
  const changes: [change: () => Promise<unknown>, shown: RegExp][] = [
    [() => setScore(t.services, t.scope, { ...score, ordinal: 1 }), /"HUMAN"/],
    [() => updateRun(t.services, t.scope, { id: candidate, priority: 5 }), /"verdict"/],
    [
      () => t.db.pool.query(`UPDATE run SET seq = seq + 1 WHERE id = $1`, [baseline]),
      // As by a retry that changed nothing in the end.
      /"verdict"/,
    ],
    [() => upsertDatasetItems(t.services, t.scope, { datasetId, items: [{ key: 'new', input: 4 }] }), /"verdict"/],
  ]
  for (const [change, shown] of changes) {
    await change()
    const answer = await ask(page, { 'if-none-match': [...seen].join(', ') })
    expect(answer.status).toBe(200)
    expect(await answer.text()).toMatch(shown)
    expect(seen).not.toContain(tagOf(answer))
    seen.add(tagOf(answer))
  }
  await t.db.pool.query(`UPDATE run SET status = 'RUNNING' WHERE id = $1`, [candidate])
  expect(tagOf(await ask())).toBe('')
  await t.db.pool.query(`UPDATE run SET status = 'COMPLETED' WHERE id = $1`, [candidate])
})

test('a revoked key and another project get nothing that is kept', async () => {
  const text = await (await ask()).text()
  const { key: revoked, apiKey } = await createApiKey(t.db, t.scope, { name: 'late', role: 'READ' })
  expect(await (await ask(page, { authorization: `Bearer ${revoked}` })).text()).toBe(text)
  await revokeApiKey(t.db, t.scope, apiKey.id)
  await expect.poll(async () => (await ask(page, { authorization: `Bearer ${revoked}` })).status).toBe(401)
  expect(tagOf(await ask(page, { authorization: `Bearer ${revoked}` }))).toBe('')
  expect((await ask(page, { authorization: '' })).status).toBe(401)
  const other = await t.db.prisma.project.create({ data: { name: 'other' } })
  const theirs = await createApiKey(t.db, { ...t.scope, projectId: other.id }, { name: 'theirs', role: 'ADMIN' })
  const answer = await ask(page, { authorization: `Bearer ${theirs.key}` })
  expect(await answer.json()).toMatchObject({ errors: [{ extensions: { code: 'NOT_FOUND' } }] })
  expect(tagOf(answer)).toBe('')
})

test.each([
  [
    'the baseline that is approved at the moment',
    page.replace('baselineId: $baseline, ', '').replace('$baseline: ID!, ', ''),
  ],
  ['another root field', page.replace('compareRuns', 'viewer { role } compareRuns')],
  ['what can be renamed without the run', page.replace('name } }', 'name experiment { name } } }')],
  ['an error', page.replace('first: 10', 'first: 1000')],
])('an answer that depends on %s is not tagged', async (_what, query) => {
  const answer = await ask(query)
  expect(await answer.text()).toMatch(/"compareRuns"|"errors"/)
  expect(tagOf(answer)).toBe('')
})

test('every field that answers may depend on is one of the schema', () => {
  for (const [name, fields] of Object.entries(dependentFields)) {
    const type = schema.getType(name)
    expect(type, name).toBeDefined()
    const known = Object.keys((type as { getFields?: () => object }).getFields?.() ?? {})
    if (fields !== 'all fields') for (const field of fields) expect(known, name).toContain(field)
  }
})
