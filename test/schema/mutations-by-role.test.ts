import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { schema } from '../../schema/index.ts'
import { decodeGlobalId, encodeGlobalId } from '../../schema/relay/global-id.ts'
import type { RunStatus } from '../../src/domain/run.ts'
import type { Role } from '../../src/domain/scope.ts'
import { createEvaluator } from '../../src/engine/evaluators.ts'
import { setEndpointLimit } from '../../src/engine/limits/set-endpoint-limit.ts'
import { createApiKey } from '../../src/engine/projects/api-keys.ts'
import { createProject } from '../../src/engine/projects/projects.ts'
import { createPrompt } from '../../src/engine/prompts/prompts.ts'
import { setModelPrice } from '../../src/engine/providers/model-prices.ts'
import { createProvider } from '../../src/engine/providers/providers.ts'
import { createReviewQueue } from '../../src/engine/review/queues.ts'
import { startRun } from '../../src/engine/runs/start-run.ts'
import { setScoreConfig } from '../../src/engine/score-configs.ts'
import { setScore } from '../../src/engine/scores.ts'
import { seedDataset, seedExperiment } from '../helpers/engine.ts'
import { recordRun } from '../helpers/recorded-runs.ts'
import { testScope } from '../helpers/scope.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'

interface Verdict {
  /** Who may: WRITE and ADMIN of the project, its ADMIN only, or an ADMIN of the installation only. */
  needs: 'WRITE' | 'ADMIN' | 'INSTALLATION'
  /** What its input names is of a project, and does not exist for another one; else it acts on the caller's own project. */
  names: 'SOMETHING' | 'NOTHING'
  /** An input that names something new each time. */
  input: () => Promise<object> | object
}

const task = { module: { name: 'echo' } }
const definition = { builtin: { exactMatch: {} } }
const content = { messages: [{ role: 'USER', content: '{{input}}' }] }

/** Every mutation has one: a new mutation without fails the first test. */
const verdicts: Record<string, Verdict> = {
  approveBaseline: about(async () => ({ runId: await run() })),
  archiveDatasetItems: about(items),
  archivePrompt: about(async () => ({ id: await prompt() })),
  cancelRun: about(async () => ({ id: await run('QUEUED') })),
  cancelRescoring: about(async () => ({ id: await run() })),
  clearResponseCache: about(async () => ({ experimentId: await experiment() })),
  claimReviewItems: about(async () => ({ queueId: await reviewQueue() })),
  claimRunItems: about(async () => ({ runId: await clientRun() })),
  copyDatasetItems: about(async () => ({
    datasetId: await dataset(),
    items: { filter: {} },
    toDatasetId: await dataset(),
  })),
  createApiKey: { needs: 'ADMIN', names: 'NOTHING', input: () => ({ name: randomUUID(), role: 'READ' }) },
  createDataset: own(() => ({ name: randomUUID() })),
  createEvaluator: own(() => ({ name: randomUUID(), datasetIds: null, definition })),
  createExperiment: about(async () => ({ name: randomUUID(), datasetId: await dataset(), task })),
  createPrompt: own(() => ({ name: randomUUID(), content })),
  createProvider: {
    needs: 'ADMIN',
    names: 'NOTHING',
    input: () => ({ name: randomUUID(), kind: 'OPENAI', apiKey: 'sk-0123456789' }),
  },
  createProject: { needs: 'INSTALLATION', names: 'NOTHING', input: () => ({ name: randomUUID() }) },
  createReviewQueue: about(async () => ({
    ...{ name: randomUUID(), runId: await run(), selection: { all: true }, scores: [await scoreName()] },
  })),
  deleteDataset: about(async () => ({ id: await dataset() })),
  deleteEndpointLimit: about(async () => {
    const { id } = await setEndpointLimit(t.services, t.scope, { endpoint: `module:${randomUUID()}`, concurrency: 1 })
    return { id: encodeGlobalId('EndpointLimit', id) }
  }),
  deleteEvaluator: about(async () => ({ id: await evaluator() })),
  deleteExperiment: about(async () => ({ id: await experiment() })),
  deleteModelPrice: about(async () => {
    const input = { providerId: await newProvider(), model: 'm', input: 1, output: 2 }
    const { id } = await setModelPrice(t.services, t.scope, input)
    return { id: encodeGlobalId('ModelPrice', id) }
  }),
  deletePrompt: about(async () => ({ id: await prompt() })),
  deleteProvider: {
    needs: 'ADMIN',
    names: 'SOMETHING',
    input: async () => ({ id: await provider() }),
  },
  deleteReviewQueue: about(async () => ({ id: await reviewQueue() })),
  deleteRun: about(async () => ({ id: await run() })),
  deleteRuns: about(async () => ({ ids: [await run(), await run()] })),
  deleteScore: about(async () => ({ id: await score() })),
  deleteScoreConfig: about(async () => ({ id: await scoreConfig() })),
  deleteScores: about(async () => ({ ids: [await score(), await score()] })),
  previewEvaluator: about(async () => ({ id: await evaluator(), output: 1 })),
  previewTask: own(() => ({ task: { http: { url: 'http://127.0.0.1:1/' } }, input: 1 })),
  previewPrompt: about(async () => ({ prompt: { prompt: { name: await promptName() } }, input: 'x' })),
  recordReview: about(async () => {
    const [id, name] = await reviewItem()
    return { id, scores: [{ name, value: 1 }] }
  }),
  recordRunItems: about(async () => {
    const runId = await clientRun()
    const runItemId = encodeGlobalId('RunItem', `${decodeGlobalId(runId).id}:0`)
    const scores = [{ name: randomUUID(), value: 1 }]
    return { runId, lease: '0', results: [{ runItemId, attempt: 1, output: 1, latencyMs: 1, scores }] }
  }),
  releaseRunLease: about(async () => ({ runId: await clientRun(), lease: '0' })),
  removeBaseline: about(async () => ({ datasetId: await dataset() })),
  removePromptLabel: about(async () => ({ promptId: await prompt(), label: 'production' })),
  renewRunLease: about(async () => ({ runId: await clientRun(), lease: '0' })),
  rescoreRuns: about(async () => ({ runIds: [await run()], evaluatorIds: [await evaluator()] })),
  restoreDatasetItems: about(items),
  restoreEvaluator: about(async () => ({ id: await evaluator() })),
  restorePrompt: about(async () => ({ id: await prompt() })),
  resumeRun: about(async () => ({ id: await run('CANCELLED') })),
  retryFailedItems: about(async () => ({ id: await run() })),
  retryFailedScores: about(async () => ({ id: await runWithFailedScore() })),
  revokeApiKey: {
    needs: 'ADMIN',
    names: 'SOMETHING',
    input: async () => {
      const { apiKey } = await createApiKey(t.db, t.scope, { name: randomUUID(), role: 'READ' })
      return { id: encodeGlobalId('ApiKey', apiKey.id) }
    },
  },
  setEndpointLimit: own(() => ({ endpoint: `module:${randomUUID()}`, concurrency: 1 })),
  setGate: about(async () => ({ experimentId: await experiment(), gate: { maxFailureRate: 0.5 } })),
  setModelPrice: about(async () => ({ providerId: await provider(), model: 'm', input: 1, output: 2 })),
  setProjectQuota: { needs: 'INSTALLATION', names: 'NOTHING', input: () => ({ runItems: 1_000_000 }) },
  setPromptLabel: about(async () => ({ promptId: await prompt(), label: 'production', version: 1 })),
  setRetention: { needs: 'ADMIN', names: 'NOTHING', input: () => ({ keepRuns: 1_000 }) },
  setScore: about(async () => ({ target: { runId: await run() }, name: 'tone', value: 1 })),
  setScoreConfig: own(() => ({ name: randomUUID(), dataType: 'NUMERIC', direction: 'NONE' })),
  setScores: about(async () => ({ scores: [{ target: { runId: await run() }, name: 'tone', value: 1 }] })),
  skipReviewItem: about(async () => ({ id: (await reviewItem())[0] })),
  startRun: about(async () => ({ experimentId: await experiment() })),
  tagDatasetItems: about(async () => ({ datasetId: await dataset(), items: { filter: {} }, add: [randomUUID()] })),
  testProvider: about(async () => ({ id: await provider(), model: 'm' })),
  updateDataset: about(async () => ({ id: await dataset(), description: 'changed' })),
  updateEvaluator: about(async () => ({ id: await evaluator(), description: 'changed' })),
  updateExperiment: about(async () => ({ id: await experiment(), description: 'changed' })),
  updatePrompt: about(async () => ({ id: await prompt(), description: 'changed' })),
  updateProvider: {
    needs: 'ADMIN',
    names: 'SOMETHING',
    input: async () => ({ id: await provider(), apiKey: 'sk-9876543210' }),
  },
  updateReviewQueue: about(async () => ({ id: await reviewQueue(), description: 'changed' })),
  updateRun: about(async () => ({ id: await run('QUEUED'), concurrency: 2 })),
  upsertDatasetItems: about(async () => ({ datasetId: await dataset(), items: [{ input: 2 }] })),
}

let t: TestServer
/** Headers of a caller of each kind. */
let callers: Record<
  'READ' | 'WRITE' | 'ADMIN' | 'FOREIGN' | 'INSTALLATION_READ' | 'INSTALLATION',
  Record<string, string>
>

beforeAll(async () => {
  t = await startTestServer({ tasks: [{ name: 'echo', run: (input) => input }] })
  const elsewhere = await createProject(t.db, t.scope, { name: 'elsewhere' })
  const key = async (role: Role, { installation = false, projectId = t.scope.projectId } = {}) => {
    const scope = await testScope(t.db, projectId)
    const { key } = await createApiKey(t.db, scope, { name: randomUUID(), role, installation })
    return { authorization: `Bearer ${key}` }
  }
  callers = {
    READ: await key('READ'),
    WRITE: await key('WRITE'),
    ADMIN: await key('ADMIN'),
    FOREIGN: await key('ADMIN', { projectId: elsewhere.id }),
    INSTALLATION_READ: await key('READ', { installation: true }),
    INSTALLATION: await key('ADMIN', { installation: true }),
  }
})
afterAll(() => t[Symbol.asyncDispose]())

const mutations = Object.values(schema.getMutationType()?.getFields() ?? {})

test('every mutation has a verdict', () => {
  expect(Object.keys(verdicts).sort()).toEqual(mutations.map(({ name }) => name).sort())
})

describe.each(mutations.map(({ name, args }) => ({ name, input: String(args[0]?.type) })))(
  '$name',
  ({ name, input }) => {
    const { needs, names, input: makeInput } = verdicts[name] ?? own(() => ({}))

    /** What came of it (the name of the type in the result), and whether the project is as it was before. */
    async function call(caller: keyof typeof callers) {
      const document = `mutation($input: ${input}) { ${name}(input: $input) { __typename ... on UserError { message } } }`
      const variables = { input: await makeInput() }
      const before = await fingerprint()
      const { data, errors } = await t.query(document, variables, callers[caller])
      const outcome = data?.[name].__typename ?? errors?.[0]?.message
      return { outcome, untouched: (await fingerprint()) === before }
    }
    const outcome = async (caller: keyof typeof callers) => (await call(caller)).outcome
    const isDone = expect.stringMatching(/Payload$/)
    const isRefused = 'ForbiddenError'

    test('is refused to whose role is below, and changes nothing', async () => {
      const refused = { outcome: isRefused, untouched: true }
      expect(await call('READ')).toEqual(refused)
      expect(await call('INSTALLATION_READ')).toEqual(refused)
      if (needs !== 'WRITE') expect(await call('WRITE')).toEqual(refused)
      if (needs === 'INSTALLATION') expect(await call('ADMIN')).toEqual(refused)
    })

    test('is done for whose role allows it', async () => {
      if (needs === 'WRITE') expect(await outcome('WRITE')).toEqual(isDone)
      if (needs !== 'INSTALLATION') expect(await outcome('ADMIN')).toEqual(isDone)
      expect(await outcome('INSTALLATION')).toEqual(isDone)
    })

    test('does nothing to another project', async () => {
      const { outcome, untouched } = await call('FOREIGN')
      if (needs === 'INSTALLATION') expect(outcome).toBe(isRefused)
      else expect(outcome).toEqual(names === 'SOMETHING' ? 'NotFoundError' : isDone)
      expect(untouched).toBe(true)
    })
  },
)

const dataset = async () => encodeGlobalId('Dataset', await seedDataset(t, [1]))

async function items(): Promise<object> {
  const datasetId = await seedDataset(t, [1])
  const { id } = await t.db.prisma.datasetItem.findFirstOrThrow({ where: { datasetId } })
  return { datasetId: encodeGlobalId('Dataset', datasetId), itemIds: [encodeGlobalId('DatasetItem', String(id))] }
}

async function score(): Promise<string> {
  const runId = await recordRun(t, await seedDataset(t, [1]), [{ item: 0 }])
  const { id } = await setScore(t.services, t.scope, { runId, ordinal: 0, name: 'tone', value: 1, source: 'HUMAN' })
  return encodeGlobalId('Score', `${runId}:${id}`)
}

async function scoreConfig(): Promise<string> {
  const rules = { name: randomUUID(), dataType: 'BOOLEAN', direction: 'LOWER_IS_BETTER' } as const
  return encodeGlobalId('ScoreConfig', (await setScoreConfig(t.services, t.scope, rules)).id)
}

async function scoreName(): Promise<string> {
  const { id } = decodeGlobalId(await scoreConfig())
  return (await t.db.prisma.scoreConfig.findUniqueOrThrow({ where: { id } })).name
}

/** The raw id of a queue, and the name of the score that it asks for. */
async function newReviewQueue(): Promise<[string, string]> {
  const [runId, score] = [decodeGlobalId(await run()).id, await scoreName()]
  const input = { name: randomUUID(), runId, selection: { all: true }, scores: [score] }
  return [(await createReviewQueue(t.services, t.scope, input)).id, score]
}
const reviewQueue = async () => encodeGlobalId('ReviewQueue', (await newReviewQueue())[0])

async function reviewItem(): Promise<[string, string]> {
  const [id, score] = await newReviewQueue()
  return [encodeGlobalId('ReviewItem', `${id}:0`), score]
}

async function experiment(): Promise<string> {
  return encodeGlobalId(
    'Experiment',
    await seedExperiment(t, await seedDataset(t, [1]), { kind: 'module', name: 'echo' }),
  )
}

async function clientRun(): Promise<string> {
  const task = { kind: 'client', name: 'any', version: null } as const
  const experimentId = await seedExperiment(t, await seedDataset(t, [1]), task)
  return encodeGlobalId('Run', (await startRun(t.services, t.scope, { experimentId })).id)
}

async function evaluator(): Promise<string> {
  const definition = { kind: 'builtin', type: 'exactMatch' }
  const { id } = await createEvaluator(t.services, t.scope, { name: randomUUID(), definition })
  return encodeGlobalId('Evaluator', id)
}

const newPrompt = () => createPrompt(t.services, t.scope, { name: randomUUID(), content, labels: ['production'] })
const prompt = async () => encodeGlobalId('Prompt', (await newPrompt()).id)
const promptName = async () => (await newPrompt()).name

/** Of a server that nothing listens on. */
async function newProvider(): Promise<string> {
  const address = { kind: 'OPENAI_COMPATIBLE', baseUrl: 'http://127.0.0.1:1/v1' } as const
  return (await createProvider(t.services, t.scope, { name: randomUUID(), ...address })).id
}
const provider = async () => encodeGlobalId('Provider', await newProvider())

/** A run of three items, one in each state that something can be done about. */
async function run(status: RunStatus = 'COMPLETED'): Promise<string> {
  const executions = [{ item: 0 }, { item: 1, status: 'FAILED' as const }, { item: 2, status: 'CANCELLED' as const }]
  return encodeGlobalId('Run', await recordRun(t, await seedDataset(t, [1, 2, 3]), executions, { status }))
}

async function runWithFailedScore(): Promise<string> {
  const id = await run()
  const runId = decodeGlobalId(id).id
  const { versions } = await t.db.prisma.evaluator.findUniqueOrThrow({
    where: { id: decodeGlobalId(await evaluator()).id },
    include: { versions: true },
  })
  const evaluatorVersionId = versions[0]?.id as string
  const name = randomUUID()
  await t.db.prisma.runEvaluator.create({ data: { runId, evaluatorVersionId, name } })
  const error = { code: 'EVALUATOR_FAILED', message: 'no verdict', retryable: false }
  const source = 'EVALUATOR'
  await t.db.prisma.score.create({
    data: { runId, ordinal: 0, name, dataType: 'BOOLEAN', source, evaluatorVersionId, error },
  })
  return id
}

/** Of everything in the tables that belongs to the project, but when its keys were used. */
async function fingerprint(): Promise<string> {
  const { rows: tables } = await t.db.pool.query<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.columns
     WHERE column_name = 'project_id' AND table_schema = 'public' ORDER BY table_name`,
  )
  expect(tables.length).toBeGreaterThan(5)
  const parts = tables.map(
    ({ name }) => `SELECT (to_jsonb(t) - 'last_used_at')::text AS row FROM ${name} t WHERE project_id = $1`,
  )
  const { rows } = await t.db.pool.query<{ sum: string }>(
    `SELECT md5(string_agg(row, ',' ORDER BY row)) AS sum FROM (${parts.join(' UNION ALL ')})`,
    [t.scope.projectId],
  )
  return rows[0]?.sum ?? ''
}

function about(input: Verdict['input']): Verdict {
  return { needs: 'WRITE', names: 'SOMETHING', input }
}

function own(input: Verdict['input']): Verdict {
  return { needs: 'WRITE', names: 'NOTHING', input }
}
