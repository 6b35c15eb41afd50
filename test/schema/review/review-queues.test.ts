/** Review queues as clients use them: which outputs they have, who gets which, and what becomes of what people say. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeGlobalId } from '../../../schema/relay/global-id.ts'
import { createEvaluator } from '../../../src/engine/evaluators.ts'
import { createApiKey } from '../../../src/engine/projects/api-keys.ts'
import { claimMs, claimReviewItems } from '../../../src/engine/review/reviews.ts'
import { setScoreConfig } from '../../../src/engine/score-configs.ts'
import { setScores } from '../../../src/engine/scores.ts'
import { seedDataset } from '../../helpers/engine.ts'
import { recordRun } from '../../helpers/recorded-runs.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'

const size = 40
/** The truth about item n, and what a judge says, which errs about every fifth. */
const isRight = (n: number) => n % 4 !== 0
const isSaidRight = (n: number) => (n % 5 === 0 ? !isRight(n) : isRight(n))

let t: TestServer
let runId: string
let baselineId: string
/** Keys of persons, by their names. */
const keys = new Map<string, string>()

beforeAll(async () => {
  t = await startTestServer()
  const datasetId = await seedDataset(
    t,
    Array.from({ length: size }, (_, n) => ({ n })),
  )
  const record = (right: (n: number) => boolean, last: 'FAILED' | 'SUCCEEDED') =>
    recordRun(
      t,
      datasetId,
      Array.from({ length: size }, (_, item) => ({
        ...{ item, output: { n: item }, status: item === size - 1 ? last : 'SUCCEEDED' },
        scores: { right: right(item), strict: right(item) && item % 8 !== 1, sure: item / size },
      })),
      { ranges: { sure: [0, 1] } },
    )
  baselineId = await record(isRight, 'FAILED')
  runId = await record(isSaidRight, 'SUCCEEDED')
  const direction = 'HIGHER_IS_BETTER'
  await setScoreConfig(t.services, t.scope, { name: 'right', dataType: 'BOOLEAN', direction })
  await setScoreConfig(t.services, t.scope, { name: 'stars', dataType: 'NUMERIC', direction, min: 1, max: 5 })
  for (const name of ['ann', 'ben', 'cat']) {
    const { key } = await createApiKey(t.db, t.scope, { name, role: 'WRITE' })
    keys.set(name, key)
  }
})
afterAll(() => t[Symbol.asyncDispose]())

const as = (person: string) => ({ authorization: `Bearer ${keys.get(person)}` })

async function ask(document: string, variables: object = {}, person = 'ann') {
  const { data, errors } = await t.query(document, variables, as(person))
  expect(errors).toBeUndefined()
  return data
}

async function mutate(name: string, input: object, selection: string, person = 'ann') {
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}`
  const document = `mutation ($input: ${type}Input!) { ${name}(input: $input) {
    ... on ${type}Payload { ${selection} } ... on UserError { message code path } } }`
  return (await ask(document, { input }, person))[name]
}

const queueFields = `id name itemCount: items(first: 1) { totalCount }
  items(first: 100) { nodes { id position probability information baselineFirst runItem { id output position } baselineItem { output } } }`

let made = 0
async function make(input: object) {
  made += 1
  const given = { name: `queue ${made}`, runId: encodeGlobalId('Run', runId), scores: ['right'], ...input }
  const created = await mutate('createReviewQueue', given, `reviewQueue { ${queueFields} }`)
  return created.reviewQueue ?? created
}

interface Item {
  id: string
  position: number
  probability: number | null
  information: number | null
  baselineFirst: boolean
  runItem: { id: string; output: { n: number }; position: number }
  baselineItem: { output: { n: number } } | null
}

const numbers = (items: readonly Item[]) => items.map(({ runItem }) => runItem.output.n)
const claim = async (queueId: string, person: string, more: object = {}): Promise<Item[]> =>
  (await mutate('claimReviewItems', { queueId, ...more }, 'reviewItems { id position runItem { id output } }', person))
    .reviewItems

const review = (id: string, person: string, value: number, name = 'right') =>
  mutate('recordReview', { id, scores: [{ name, value }] }, 'reviewItem { reviews { status person { name } } }', person)

describe('which outputs', () => {
  it('all, in an order that is drawn, and that its seed fixes', async () => {
    const [one, same, other] = [
      await make({ selection: { all: true }, seed: 'a' }),
      await make({ selection: { all: true }, seed: 'a' }),
      await make({ selection: { all: true }, seed: 'b' }),
    ]
    expect(one.itemCount.totalCount).toBe(size)
    expect(numbers(one.items.nodes)).toEqual(numbers(same.items.nodes))
    expect(numbers(one.items.nodes)).not.toEqual(numbers(other.items.nodes))
    expect(numbers(one.items.nodes).toSorted((a, b) => a - b)).toEqual(Array.from({ length: size }, (_, n) => n))
    expect(new Set(one.items.nodes.map(({ probability }: Item) => probability))).toEqual(new Set([1]))
  })

  it('a sample of items with its probabilities, also balanced by what an evaluator said', async () => {
    const plain = await make({ selection: { sample: { size: 10 } } })
    expect(plain.items.nodes).toHaveLength(10)
    expect(plain.items.nodes.every(({ probability }: Item) => probability === 10 / size)).toBe(true)
    const balanced: Item[] = (await make({ selection: { sample: { size: 12, balance: 'right' } } })).items.nodes
    const said = balanced.filter(({ runItem }) => isSaidRight(runItem.output.n))
    const saidRight = Array.from({ length: size }, (_, n) => n).filter(isSaidRight).length
    expect(said).toHaveLength(6)
    expect(said[0]?.probability).toBeCloseTo(6 / saidRight, 9)
    expect(await make({ selection: { sample: { size: 5, balance: 'unknown' } } })).toMatchObject({
      message: expect.stringContaining('got "unknown", of which it has none'),
      path: ['input', 'selection', 'sample', 'balance'],
    })
  })

  it('those that evaluators disagree about, or people', async () => {
    const found = await make({ selection: { disagreements: { scores: ['right', 'strict'] } } })
    expect(numbers(found.items.nodes).sort((a, b) => a - b)).toEqual(
      Array.from({ length: size }, (_, n) => n).filter((n) => isSaidRight(n) && n % 8 === 1),
    )
    expect(found.items.nodes[0]).toMatchObject({ probability: null, information: 0.5 })
    expect(await make({ selection: { disagreements: { scores: ['sure'] } } })).toMatchObject({
      message: 'No scores of these names disagree about an output in run "recorded".',
      path: ['input', 'selection'],
    })
    const said = (person: string, value: number) =>
      setScores(t.services, { ...t.scope, person: { ...t.scope.person, name: person } }, [
        { ...{ runId, ordinal: 3, name: 'polite', source: 'HUMAN', dataType: 'BOOLEAN' }, value },
      ])
    await said('one', 1)
    await said('other', 0)
    const people = await make({ selection: { disagreements: { scores: ['polite'] } } })
    expect(people.items.nodes.map(({ runItem }: Item) => runItem.position)).toEqual([3])
  })

  it('those that are worse than in the baseline', async () => {
    const worse = Array.from({ length: size - 1 }, (_, n) => n).filter((n) => isRight(n) && !isSaidRight(n))
    const selection = { regressions: { score: 'right' } }
    const found = await make({ selection, baselineId: encodeGlobalId('Run', baselineId) })
    expect(numbers(found.items.nodes).sort((a, b) => a - b)).toEqual(worse)
    expect(found.items.nodes[0].baselineItem.output).toEqual(found.items.nodes[0].runItem.output)
    expect(await make({ selection })).toMatchObject({ path: ['input', 'baselineId'] })
  })

  it('those of which a label says most, drawn so that they stand for all', async () => {
    const uncertain = { informative: { size: 15, score: 'sure', by: 'UNCERTAINTY' } }
    const items: Item[] = (await make({ selection: uncertain })).items.nodes
    expect(items).toHaveLength(15)
    for (const { probability, information, runItem } of items) {
      const share = runItem.output.n / size
      expect(information).toBeCloseTo(2 * Math.sqrt(share * (1 - share)), 9)
      expect(probability).toBeGreaterThan(15 / size / 2)
    }
    expect(await make({ selection: { informative: { size: 5, score: 'right', by: 'UNCERTAINTY' } } })).toMatchObject({
      message: expect.stringContaining('"right" is certain of every output'),
    })
    const next = `query ($id: ID!, $by: LabelPriority, $between: [String!], $score: String!, $after: String) { run(id: $id) {
      labelNext(score: $score, by: $by, between: $between, first: 5, after: $after) {
        nodes { information runItem { output } } pageInfo { endCursor } countUpTo } } }`
    const id = encodeGlobalId('Run', runId)
    const { labelNext } = (await ask(next, { id, score: 'sure', by: 'UNCERTAINTY' })).run
    const shown = labelNext.nodes.map(({ runItem }: Item) => runItem.output.n)
    expect(shown.toSorted((a: number, b: number) => a - b)).toEqual([18, 19, 20, 21, 22])
    expect(shown[0]).toBe(20)
    const after = labelNext.pageInfo.endCursor
    const more = (await ask(next, { id, score: 'sure', by: 'UNCERTAINTY', after })).run.labelNext.nodes
    expect(more.map(({ runItem }: Item) => runItem.output.n).sort()).toEqual([15, 16, 17, 23, 24].slice(0, 5).sort())
    const disputed = (await ask(next, { id, score: 'right' })).run.labelNext
    expect(disputed.nodes[0].information).toBe(0.5)
    expect(disputed.countUpTo).toBe(size)
    const { errors } = await t.query(next, { id, score: 'right', between: ['unknown'] }, as('ann'))
    expect(errors?.[0]).toMatchObject({ extensions: { code: 'INVALID_INPUT' } })
  })

  it('is refused with what was expected', async () => {
    const all = { all: true }
    expect(await make({ selection: all, scores: ['tone'] })).toMatchObject({
      message: expect.stringMatching(
        /Expected a score that has rules, got "tone"; there are those of "right", "stars"/,
      ),
      path: ['input', 'scores', '0'],
    })
    expect(await make({ selection: { all: false } })).toMatchObject({ path: ['input', 'selection', 'all'] })
    expect(await make({ selection: all, pairwise: true })).toMatchObject({ path: ['input', 'baselineId'] })
    expect(await make({ selection: all, assignees: ['nobody'] })).toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('There is no person "nobody"'),
    })
    expect(await make({ selection: all, assignees: ['ann'], authorsPerItem: 2 })).toMatchObject({
      path: ['input', 'assignees'],
    })
    await make({ selection: all, name: 'taken' })
    expect(await make({ selection: all, name: 'taken' })).toMatchObject({ code: 'CONFLICT', path: ['input', 'name'] })
  })
})

describe('who gets which', () => {
  it('gives an item to one person, unless more are wanted, and comes back to who left it', async () => {
    const { id, items } = await make({ selection: { sample: { size: 4 } } })
    const [first, second, third] = items.nodes as Item[]
    expect((await claim(id, 'ann', { count: 2 })).map((item) => item.id)).toEqual([first?.id, second?.id])
    expect((await claim(id, 'ben'))[0]?.id).toBe(third?.id)
    // Who comes again has what they had.
    expect((await claim(id, 'ann'))[0]?.id).toBe(first?.id)
    await mutate('skipReviewItem', { id: first?.id }, 'reviewItem { id }', 'ann')
    expect((await claim(id, 'ann'))[0]?.id).toBe(second?.id)
    expect((await claim(id, 'ann', { skipped: true, count: 2 })).map((item) => item.id)).toEqual([
      first?.id,
      second?.id,
    ])
    await review(first?.id ?? '', 'ann', 1)
    expect(await mutate('skipReviewItem', { id: first?.id }, 'reviewItem { id }', 'ann')).toMatchObject({
      code: 'CONFLICT',
    })
    // What nobody has come back to in time goes to others.
    const cat = { ...t.scope, person: await t.db.prisma.person.findFirstOrThrow({ where: { name: 'cat' } }) }
    const later = new Date(Date.now() + claimMs + 1_000)
    const late = await claimReviewItems(t.services, cat, { queueId: rawQueueId(id), count: 20, skipped: false }, later)
    expect(late.items.map(({ position }) => position)).toEqual([1, 2, 3])
  })

  it('gives different items to people who ask at the same time', async () => {
    const { id } = await make({ selection: { sample: { size: 12 } } })
    const people = ['ann', 'ben', 'cat', 'ann', 'ben', 'cat']
    const claimed = await Promise.all(people.map((person) => claim(id, person, { count: 4 })))
    const [ann, ben, cat] = claimed.map((items) => items.map(({ position }) => position))
    expect(claimed.slice(3).map((items) => items.map(({ position }) => position))).toEqual([ann, ben, cat])
    expect([ann, ben, cat].flat().toSorted((a, b) => Number(a) - Number(b))).toEqual(
      Array.from({ length: 12 }, (_, n) => n),
    )
  })

  it('two of three, with progress and agreement', async () => {
    const { id, items } = await make({
      ...{ selection: { sample: { size: 6 } }, authorsPerItem: 2, assignees: ['ann', 'ben', 'cat'] },
    })
    const all = items.nodes as Item[]
    for (const [n, { id, runItem }] of all.entries()) {
      await review(id, 'ann', Number(isRight(runItem.output.n)))
      if (n < 5) await review(id, 'ben', Number(n === 0 ? !isRight(runItem.output.n) : isRight(runItem.output.n)))
    }
    expect((await claim(id, 'cat', { count: 20 })).map(({ position }) => position)).toEqual([5])
    expect(await claim(id, 'ann', { count: 20 })).toEqual([])
    const { node } = await ask(
      `query ($id: ID!) { node(id: $id) { ... on ReviewQueue {
        progress { total done reviews byPerson { person { name } done skipped } }
        agreement { score alpha { value units } pairs { first second items kappa { value } } } } } }`,
      { id },
    )
    expect(node.progress).toEqual({
      ...{ total: 6, done: 5, reviews: 11 },
      byPerson: [
        { person: { name: 'ann' }, done: 6, skipped: 0 },
        { person: { name: 'ben' }, done: 5, skipped: 0 },
        { person: { name: 'cat' }, done: 0, skipped: 0 },
      ],
    })
    const [agreement] = node.agreement
    expect(agreement).toMatchObject({
      score: 'right',
      alpha: { units: 5 },
      pairs: [{ first: 'ann', second: 'ben', items: 5 }],
    })
    expect(agreement.pairs[0].kappa.value).toBeLessThan(1)
  })

  it('only to those whom it is assigned to, and to nobody when it is closed', async () => {
    const { id, items } = await make({ selection: { sample: { size: 2 } }, assignees: ['ben'] })
    const refused = await mutate('claimReviewItems', { queueId: id }, 'reviewItems { id }')
    expect(refused).toMatchObject({
      code: 'FORBIDDEN',
      message: expect.stringContaining('is assigned to ben, and not to ann'),
    })
    const mine = `query { reviewQueues(first: 100, filter: { forMe: true }) { nodes { id } } }`
    const listed = async (person: string) =>
      (await ask(mine, {}, person)).reviewQueues.nodes.map((queue: { id: string }) => queue.id)
    expect(await listed('ann')).not.toContain(id)
    expect(await listed('ben')).toContain(id)
    const closed = await mutate(
      'updateReviewQueue',
      { id, closed: true, description: 'over' },
      'reviewQueue { closedAt description }',
    )
    expect(closed.reviewQueue).toEqual({ closedAt: expect.any(String), description: 'over' })
    for (const name of ['claimReviewItems', 'recordReview']) {
      const input =
        name === 'recordReview' ? { id: items.nodes[0].id, scores: [{ name: 'right', value: 1 }] } : { queueId: id }
      expect(await mutate(name, input, '__typename', 'ben')).toMatchObject({ code: 'CONFLICT' })
    }
    await mutate('updateReviewQueue', { id, closed: false, assignees: null }, '__typename')
    expect(await claim(id, 'ann')).toHaveLength(1)
    expect(await mutate('deleteReviewQueue', { id }, 'deletedId')).toEqual({ deletedId: id })
  })
})

describe('what people say', () => {
  it('is given whole, fits the rules, and is replaced', async () => {
    const { items } = await make({ selection: { sample: { size: 2 } }, scores: ['right', 'stars'] })
    const { id, runItem } = items.nodes[0] as Item
    const give = (scores: object[]) => mutate('recordReview', { id, scores }, 'reviewItem { reviews { status } }')
    expect(await give([{ name: 'right', value: 1 }])).toMatchObject({
      message: 'Expected a score for each of right, stars, got right.',
      path: ['input', 'scores'],
    })
    expect(
      await give([
        { name: 'right', value: 1 },
        { name: 'stars', value: 9 },
      ]),
    ).toMatchObject({
      code: 'INVALID_INPUT',
      path: ['input', 'scores', '1', 'value'],
    })
    const stars = (value: number) => [
      { name: 'right', value: 1, comment: 'so' },
      { name: 'stars', value },
    ]
    expect(await give(stars(4))).toEqual({ reviewItem: { reviews: [{ status: 'DONE' }] } })
    await give(stars(2))
    const scored = `query ($id: ID!) { node(id: $id) { ... on RunItem { scores { name source value author comment } } } }`
    const { scores } = (await ask(scored, { id: runItem.id })).node
    expect(
      scores.filter((score: { source: string; author: string }) => score.source === 'HUMAN' && score.author === 'ann'),
    ).toEqual([
      { name: 'right', source: 'HUMAN', value: 1, author: 'ann', comment: 'so' },
      { name: 'stars', source: 'HUMAN', value: 2, author: 'ann', comment: null },
    ])
  })

  it('of pairs is which output is better, as pairwise judges say it', async () => {
    const { items } = await make({
      ...{
        selection: { all: true },
        pairwise: true,
        scores: ['better'],
        baselineId: encodeGlobalId('Run', baselineId),
      },
    })
    const pairs = items.nodes as Item[]
    // The baseline lacks the output of one item.
    expect(pairs).toHaveLength(size - 1)
    expect(new Set(pairs.map(({ baselineFirst }) => baselineFirst))).toEqual(new Set([true, false]))
    await review(pairs[0]?.id ?? '', 'ann', 1, 'better')
    const score = await t.db.prisma.score.findFirstOrThrow({ where: { name: 'better' } })
    expect(score).toMatchObject({ value: 1, label: 'candidate', source: 'HUMAN', author: 'ann' })
    expect(score.metadata).toEqual({ baselineId: encodeGlobalId('Run', baselineId) })
  })

  it('of a draw is weighted by its probabilities, and of what was chosen does not count', async () => {
    const name = 'weighed'
    const datasetId = await seedDataset(
      t,
      Array.from({ length: 200 }, (_, n) => ({ n })),
    )
    // The judge calls a tenth true, and misses as many: of what it calls false one in nine is true.
    const [truth, said] = [(n: number) => n % 10 < 2, (n: number) => n % 10 === 0]
    const executions = Array.from({ length: 200 }, (_, item) => ({
      ...{ item, output: { n: item }, scores: { [name]: said(item), strict: said(item) } },
    }))
    const id = await recordRun(t, datasetId, executions)
    const definition = { kind: 'builtin', type: 'exactMatch' }
    const { current } = await createEvaluator(t.services, t.scope, { name, definition })
    const ofJudge = { where: { runId: id, name }, data: { evaluatorVersionId: current.id } }
    await t.db.prisma.runScoreSummary.updateMany(ofJudge)
    await t.db.prisma.score.updateMany(ofJudge)
    await t.db.prisma.runEvaluator.create({ data: { runId: id, evaluatorVersionId: current.id, name } })
    await setScoreConfig(t.services, t.scope, { name, dataType: 'BOOLEAN', direction: 'HIGHER_IS_BETTER' })
    const run = { runId: encodeGlobalId('Run', id), scores: [name] }
    const corrected = `query ($id: ID!) { run(id: $id) { correctedScore(name: "${name}") {
      items labelled leftOut mean predictionPowered { mean lambda interval { low high } } roganGladen { mean } } } }`
    const read = async () => (await ask(corrected, { id: run.runId })).run.correctedScore
    const queue = await make({ ...run, selection: { sample: { size: 40, balance: name } } })
    for (const { id, runItem } of queue.items.nodes as Item[])
      await review(id, 'ann', Number(truth(runItem.output.n)), name)
    const found = await read()
    expect(found).toMatchObject({ items: 200, labelled: 40, leftOut: 0, mean: 0.1 })
    // 20 of 20 that it calls true are, and of the 180 others those of the 20 that were drawn, each standing for nine.
    const drawn = (queue.items.nodes as Item[]).map(({ runItem }) => runItem.output.n).filter((n) => !said(n))
    const expected = (20 + drawn.filter(truth).length * 9) / 200
    expect(found.predictionPowered.mean).toBeCloseTo(expected, 9)
    expect(found.predictionPowered.interval.low).toBeLessThan(0.2)
    expect(found.predictionPowered.interval.high).toBeGreaterThan(0.2)
    const missed = drawn.filter(truth).length
    const report = `{ evaluator(name: "${name}") { report { items leftOut swaps { consistency { value } }
      truePositiveRate { value successes count } trueNegativeRate { value } } } }`
    expect((await ask(report)).evaluator.report).toEqual({
      ...{ items: 40, leftOut: 0, swaps: null, trueNegativeRate: { value: 1 } },
      truePositiveRate: { value: expect.closeTo(20 / (20 + 9 * missed), 9), successes: 20, count: 20 + missed },
    })
    // A label of an item that was picked says nothing about the others.
    const rest = Array.from({ length: 200 }, (_, n) => n).filter((n) => truth(n) && !said(n) && !drawn.includes(n))
    const items = await t.db.prisma.runItem.findMany({ where: { runId: id }, select: { ordinal: true, output: true } })
    const picked = items.filter(({ output }) => rest.includes((output as { n: number }).n))
    await setScores(
      t.services,
      t.scope,
      picked.map(({ ordinal }) => ({ runId: id, ordinal, name, source: 'HUMAN', dataType: 'BOOLEAN', value: 1 })),
    )
    const after = await read()
    expect((await ask(report)).evaluator.report).toMatchObject({ items: 40, leftOut: picked.length })
    expect(after).toMatchObject({ labelled: 40, leftOut: picked.length, predictionPowered: found.predictionPowered })
  })
})

function rawQueueId(id: string): string {
  return Buffer.from(id, 'base64url').toString().split(':')[1] ?? ''
}
