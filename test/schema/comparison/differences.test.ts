import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeGlobalId } from '../../../schema/relay/global-id.ts'
import { seedDataset } from '../../helpers/engine.ts'
import { recordRun } from '../../helpers/recorded-runs.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'

let t: TestServer

beforeAll(async () => {
  t = await startTestServer()
})
afterAll(() => t[Symbol.asyncDispose]())

const items = 40

/** Gives the first items of a dataset this content from version 2 on. */
async function revise(datasetId: string, count: number, set: 'input' | 'expected_output' | 'metadata'): Promise<void> {
  const columns = ['input', 'expected_output', 'metadata'].map((name) => (name === set ? `'"revised"'` : name))
  await t.db.pool.query(
    `WITH revised AS (
       UPDATE dataset_item_revision SET valid_to = 2
       WHERE id IN (SELECT id FROM dataset_item_revision WHERE dataset_id = $1 ORDER BY item_id LIMIT $2) RETURNING *
     ) INSERT INTO dataset_item_revision (item_id, dataset_id, valid_from, input, expected_output, metadata, tags, digest)
       SELECT item_id, dataset_id, 2, ${columns.join(', ')}, tags, '\\x02' FROM revised`,
    [datasetId, count],
  )
  await t.db.prisma.dataset.update({ where: { id: datasetId }, data: { version: 2 } })
}

/** A run in which these items are right. */
const run = (datasetId: string, isRight: (item: number) => boolean, datasetVersion = 1) =>
  recordRun(
    t,
    datasetId,
    Array.from({ length: items }, (_, item) => ({
      ...{ item, latencyMs: 10 },
      scores: { right: isRight(item), tone: isRight(item) ? 'good' : 'bad' },
    })),
    { datasetVersion },
  )

async function compare(baselineId: string, candidateId: string, more = '') {
  const [baseline, candidate] = [baselineId, candidateId].map((id) => encodeGlobalId('Run', id))
  const { data, errors } = await t.query(
    `{ compareRuns(baselineId: "${baseline}", candidateIds: ["${candidate}"] ${more}) {
      differences { kind items metric { name } candidate { id } }
      metrics { metric { kind name } verdict pairs missing leftOut delta baselineMean candidateMean sequencePairs unchanged }
      rows(first: 100) { nodes { cells { differences } } }
    } }`,
    {},
    // These tests change tables as the engine never does.
    { 'cache-control': 'no-store' },
  )
  expect(errors).toBeUndefined()
  const { differences, metrics, rows } = data.compareRuns
  const found = (kind: string, name: string | null = null) =>
    metrics.find(({ metric }: { metric: object }) => JSON.stringify(metric) === JSON.stringify({ kind, name }))
  return {
    differences,
    right: found('SCORE', 'right'),
    tone: found('SCORE', 'tone'),
    latency: found('LATENCY'),
    changedRows: rows.nodes.filter((row: { cells: { differences: string[] }[] }) => row.cells[1]?.differences.length),
  }
}

test('a corrected answer key is no progress of the system: the items that differ are counted and left out', async () => {
  const datasetId = await seedDataset(
    t,
    Array.from({ length: items }, (_, n) => n),
  )
  const before = await run(datasetId, (item) => item >= 20)
  await revise(datasetId, 20, 'expected_output')
  const after = await run(datasetId, () => true, 2)
  const compared = await compare(before, after)
  expect(compared.differences).toEqual([
    { kind: 'EXPECTED_OUTPUT', items: 20, metric: null, candidate: { id: encodeGlobalId('Run', after) } },
  ])
  expect(compared.right).toMatchObject({ verdict: 'INCONCLUSIVE', pairs: 20, leftOut: 20, missing: 0, delta: 0 })
  expect(compared.right).toMatchObject({ baselineMean: 1, candidateMean: 1, sequencePairs: 20 })
  expect(compared.tone).toMatchObject({ pairs: 20, unchanged: 20, leftOut: 20, missing: 0 })
  expect(compared.latency).toMatchObject({ pairs: 20, leftOut: 20 })
  expect(compared.changedRows).toHaveLength(20)
  expect(compared.changedRows[0].cells.map(({ differences }: { differences: string[] }) => differences)).toEqual([
    [],
    ['EXPECTED_OUTPUT'],
  ])
  const asked = await compare(before, after, ', includeUnlike: true')
  expect(asked.right).toMatchObject({ verdict: 'IMPROVED', pairs: 40, leftOut: 0, delta: 0.5, sequencePairs: 40 })
  expect(asked.differences).toEqual(compared.differences)
})

test('so are another input and other metadata; a revision that changes neither is alike', async () => {
  for (const [set, kind] of [
    ['input', 'INPUT'],
    ['metadata', 'METADATA'],
  ] as const) {
    const datasetId = await seedDataset(
      t,
      Array.from({ length: items }, (_, n) => n),
    )
    const before = await run(datasetId, () => false)
    await revise(datasetId, 3, set)
    const after = await run(datasetId, (item) => item < 3, 2)
    const { differences, right } = await compare(before, after)
    expect(differences).toMatchObject([{ kind, items: 3 }])
    expect(right).toMatchObject({ pairs: 37, leftOut: 3, delta: 0, verdict: 'INCONCLUSIVE' })
  }
  const datasetId = await seedDataset(
    t,
    Array.from({ length: items }, () => 'revised'),
  )
  const before = await run(datasetId, () => false)
  await revise(datasetId, 3, 'input')
  const { differences, right } = await compare(before, await run(datasetId, () => false, 2))
  expect(differences).toEqual([])
  expect(right).toMatchObject({ pairs: 40, leftOut: 0 })
})

test('a gate refuses a comparison of too few items that are alike, and says how many it needs', async () => {
  const datasetId = await seedDataset(
    t,
    Array.from({ length: items }, (_, n) => n),
  )
  const before = await run(datasetId, () => false)
  await revise(datasetId, 5, 'expected_output')
  const after = await run(datasetId, () => true, 2)
  const notWorse = async (minShare = '') => {
    const { data } = await t.query(`{ run(id: "${encodeGlobalId('Run', after)}") { gate(
      baselineId: "${encodeGlobalId('Run', before)}"
      gate: { notWorse: [{ metric: { score: { name: "right" } }, margin: 0.1 ${minShare} }] }
    ) { checks { rule passed reason } } } }`)
    return data.run.gate.checks.find(({ rule }: { rule: string }) => rule === 'NOT_WORSE')
  }
  expect(await notWorse()).toMatchObject({
    passed: false,
    reason:
      '"right" is better than in the baseline (better by 1). 5 items are left out: they, or their evaluator, are not as in the baseline; at least 36 of 40 must be.',
  })
  expect(await notWorse('minShare: 0.8')).toMatchObject({
    passed: true,
    reason: expect.stringMatching(/not as in the baseline\.$/),
  })
})

test('scores of another version of an evaluator give no verdict, and a gate says why', async () => {
  const datasetId = await seedDataset(
    t,
    Array.from({ length: items }, (_, n) => n),
  )
  const runs = [await run(datasetId, () => false), await run(datasetId, () => true)]
  const [before = '', after = ''] = runs
  const { id } = await t.db.prisma.evaluator.create({
    data: {
      ...{ projectId: t.scope.projectId, name: 'right', version: 2 },
      versions: {
        create: [1, 2].map((version) => ({
          ...{ version, definition: { kind: 'builtin', type: 'contains', text: `v${version}` } },
          ...{ dataType: 'BOOLEAN', direction: 'HIGHER_IS_BETTER' },
        })),
      },
    },
  })
  const versions = await t.db.prisma.evaluatorVersion.findMany({
    where: { evaluatorId: id },
    orderBy: { version: 'asc' },
  })
  const pinTo = async (chosen: readonly (string | undefined)[]) => {
    for (const [index, runId] of runs.entries()) {
      await t.db.prisma.runScoreSummary.updateMany({
        where: { runId, name: 'right' },
        data: { evaluatorVersionId: chosen[index] ?? null },
      })
    }
  }
  await pinTo(versions.map((version) => version.id))
  const { differences, right, tone } = await compare(before, after)
  expect(differences).toMatchObject([{ kind: 'EVALUATOR', items: null, metric: { name: 'right' } }])
  expect(right).toMatchObject({ verdict: 'INCONCLUSIVE', pairs: 0, leftOut: 40, delta: null, sequencePairs: 0 })
  expect(tone).toMatchObject({ pairs: 40, leftOut: 0 })

  const { data } = await t.query(`{ run(id: "${encodeGlobalId('Run', after)}") {
    gate(baselineId: "${encodeGlobalId('Run', before)}", gate: { notWorse: [{ metric: { score: { name: "right" } }, margin: 0.1 }] }) {
      status checks { rule reason }
    } } }`)
  expect(data.run.gate.status).toBe('FAILED')
  const { reason } = data.run.gate.checks.find(({ rule }: { rule: string }) => rule === 'NOT_WORSE')
  expect(reason).toContain('40 items are left out')
  expect(reason).toContain('at least 36 of 40 must be')

  expect((await compare(before, after, ', includeUnlike: true')).right).toMatchObject({
    verdict: 'IMPROVED',
    pairs: 40,
  })
  // Another version of the same definition gives the same scores.
  await t.db.prisma.evaluatorVersion.updateMany({
    where: { evaluatorId: id },
    data: { definition: { kind: 'builtin', type: 'contains', text: 'v1' } },
  })
  expect((await compare(before, after)).right).toMatchObject({ verdict: 'IMPROVED', pairs: 40, leftOut: 0 })
  // The text of a client's function says little about what it does.
  for (const { id, version } of versions) {
    const definition = { kind: 'client', name: 'right', version: `${version}` }
    await t.db.prisma.evaluatorVersion.update({ where: { id }, data: { definition } })
  }
  expect((await compare(before, after)).right).toMatchObject({ pairs: 40, leftOut: 0 })
})
