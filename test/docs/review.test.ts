/** Follows docs/review.md literally. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeGlobalId } from '../../src/domain/global-id.ts'
import { createEvaluator } from '../../src/engine/evaluators.ts'
import { findOrCreatePerson, localPerson } from '../../src/engine/projects/persons.ts'
import { setScoreConfig } from '../../src/engine/score-configs.ts'
import { blocksOf, executed } from '../helpers/documented.ts'
import { seedDataset } from '../helpers/engine.ts'
import { recordRun } from '../helpers/recorded-runs.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'

let t: TestServer
beforeAll(async () => {
  t = await startTestServer()
  for (const name of ['ann', 'ben', 'cat']) await findOrCreatePerson(t.db.pool, t.scope, t.scope.projectId, name)
})
afterAll(() => t[Symbol.asyncDispose]())

test('the operations on the page work, in their order', async () => {
  const blocks = blocksOf('docs/review.md', 'graphql')
  const [make = '', claim = '', record = '', progress = '', next = '', corrected = ''] = blocks
  expect(blocks).toHaveLength(6)
  const datasetId = await seedDataset(
    t,
    Array.from({ length: 24 }, (_, n) => n),
  )
  const isSaid = (n: number) => n % 4 !== 0
  const executions = Array.from({ length: 24 }, (_, item) => ({
    ...{ item, output: item, scores: { correct: isSaid(item), strict: isSaid(item) && item !== 5 } },
  }))
  const rawRun = await recordRun(t, datasetId, executions)
  const definition = { kind: 'builtin', type: 'exactMatch' }
  const { current } = await createEvaluator(t.services, t.scope, { name: 'correct', definition })
  const ofJudge = { where: { runId: rawRun, name: 'correct' }, data: { evaluatorVersionId: current.id } }
  await t.db.prisma.runScoreSummary.updateMany(ofJudge)
  await t.db.prisma.score.updateMany(ofJudge)
  const direction = 'HIGHER_IS_BETTER'
  await setScoreConfig(t.services, t.scope, { name: 'correct', dataType: 'BOOLEAN', direction })
  const run = { 'id of the run': encodeGlobalId('Run', rawRun) }

  const { reviewQueue } = (await executed(t, make, run)).createReviewQueue
  expect(reviewQueue.progress).toEqual({ total: 12 })
  for (const { probability } of reviewQueue.items.nodes) expect([1, 6 / 18]).toContain(probability)
  // Who reads the page is none of the three: it is assigned to nobody else from here on.
  const open = `mutation { updateReviewQueue(input: { id: "<id of the queue>", assignees: null, authorsPerItem: 1 }) {
    ... on UpdateReviewQueuePayload { reviewQueue { assignees { id } } } ... on UserError { message } } }`
  const queue = { 'id of the queue': reviewQueue.id }
  await executed(t, open, queue)
  const { reviewItems } = (await executed(t, claim, queue)).claimReviewItems
  expect(reviewItems.map(({ position }: { position: number }) => position)).toEqual([0, 1])
  for (const [index, { id }] of reviewItems.entries()) {
    const { reviewItem } = (await executed(t, record, { 'id of the item': id })).recordReview
    expect(reviewItem.reviews).toEqual([{ person: { name: localPerson }, status: 'DONE' }])
    expect(reviewItem.queue.progress).toEqual({ done: index + 1, total: 12 })
  }
  const [listed] = (await executed(t, progress)).reviewQueues.nodes
  expect(listed).toMatchObject({ name: 'is the judge right', agreement: [{ score: 'correct', alpha: { units: 0 } }] })
  const { labelNext } = (await executed(t, next, run)).run
  expect(labelNext.nodes[0]).toMatchObject({ information: 0.5, runItem: { output: 5 } })
  const { correctedScore } = (await executed(t, corrected, run)).run
  expect(correctedScore).toMatchObject({ items: 24, labelled: 2, leftOut: 0, mean: 0.75 })
})
