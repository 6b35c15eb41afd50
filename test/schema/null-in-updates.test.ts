/** What null does in every field of every update: it clears, or it is refused. A new field without a verdict fails. */
import { randomUUID } from 'node:crypto'
import { type GraphQLInputObjectType, isNullableType } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { schema } from '../../schema/index.ts'
import { encodeGlobalId } from '../../src/domain/global-id.ts'
import { createEvaluator } from '../../src/engine/evaluators.ts'
import { createExperiment } from '../../src/engine/experiments.ts'
import { createPrompt } from '../../src/engine/prompts/prompts.ts'
import { createReviewQueue } from '../../src/engine/review/queues.ts'
import { startRun } from '../../src/engine/runs/start-run.ts'
import { setScoreConfig } from '../../src/engine/score-configs.ts'
import { seedDataset } from '../helpers/engine.ts'
import { recordRun } from '../helpers/recorded-runs.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'

/** The value of the field after null, or that it is refused. */
type Verdict = { clearedTo: unknown } | 'REFUSED'

interface Update {
  type: 'Dataset' | 'Evaluator' | 'Experiment' | 'Prompt' | 'ReviewQueue' | 'Run'
  /** The fields of the type that the input changes. */
  selection: string
  fields: Record<string, Verdict>
  /** By a path with a dot: members of `settings`. */
  settings?: Record<string, Verdict>
  /** Something in which nothing is null. @returns its raw id */
  make: () => Promise<string>
}

const cleared = { clearedTo: null }
const settingsVerdicts: Record<string, Verdict> = {
  concurrency: 'REFUSED',
  repetitions: 'REFUSED',
  timeoutMs: 'REFUSED',
  maxAttempts: 'REFUSED',
  budgetUsd: cleared,
  maxFailureRate: cleared,
  cache: 'REFUSED',
}
const settingsSelection = `settings { ${Object.keys(settingsVerdicts).join(' ')} }`
const settings = { concurrency: 3, budgetUsd: 4, maxFailureRate: 0.5 }
const definition = { kind: 'builtin', type: 'exactMatch' }
const content = { messages: [{ role: 'USER', content: '{{input}}' }] }

const updates: Record<string, Update> = {
  updateDataset: {
    type: 'Dataset',
    selection: 'name description metadata inputSchema expectedOutputSchema clusterPath',
    fields: {
      name: 'REFUSED',
      description: cleared,
      metadata: cleared,
      inputSchema: cleared,
      expectedOutputSchema: cleared,
      clusterPath: { clearedTo: [] },
    },
    make: async () => {
      const id = await seedDataset(t, [1])
      const data = {
        description: 'd',
        metadata: { m: 1 },
        inputSchema: {},
        expectedOutputSchema: {},
        clusterPath: ['m'],
      }
      await t.db.prisma.dataset.update({ where: { id }, data })
      return id
    },
  },
  updateEvaluator: {
    type: 'Evaluator',
    selection:
      'name description active sampling timeoutMs maxAttempts dataType direction min max categories failurePolicy version onlyIf { score } datasets { id } definition { __typename }',
    fields: {
      name: 'REFUSED',
      description: cleared,
      min: cleared,
      max: cleared,
      categories: cleared,
      failurePolicy: 'REFUSED',
      definition: 'REFUSED',
      dataType: 'REFUSED',
      direction: 'REFUSED',
      sampling: 'REFUSED',
      timeoutMs: 'REFUSED',
      maxAttempts: 'REFUSED',
      active: 'REFUSED',
      datasetIds: { clearedTo: [] },
      onlyIf: cleared,
    },
    make: async () => {
      const onlyIf = { score: 'other', min: 1 }
      const options = {
        description: 'd',
        onlyIf,
        sampling: 0.5,
        active: false,
        datasetIds: [await seedDataset(t, [1])],
      }
      const { id } = await createEvaluator(t.services, t.scope, { name: randomUUID(), definition, ...options })
      // One with a range, as functions may have.
      const data = { definition: { kind: 'module', module: 'any' }, dataType: 'NUMERIC', min: 0, max: 1 } as const
      await t.db.prisma.evaluatorVersion.updateMany({
        where: { evaluatorId: id },
        data: { ...data, failurePolicy: 'MISSING' },
      })
      return id
    },
  },
  updateExperiment: {
    type: 'Experiment',
    selection: `name description metadata evaluators { id } primaryMetrics { procedure } task { __typename }
      ${settingsSelection}`,
    fields: {
      name: 'REFUSED',
      description: cleared,
      task: 'REFUSED',
      evaluatorIds: cleared,
      primaryMetrics: cleared,
      settings: 'REFUSED',
      metadata: cleared,
    },
    settings: settingsVerdicts,
    make: async () => {
      const { id } = await createEvaluator(t.services, t.scope, { name: randomUUID(), definition })
      const datasetId = await seedDataset(t, [1])
      const primaryMetrics = { metrics: [{ failed: true }] }
      const rest = { description: 'd', metadata: { m: 1 }, evaluatorIds: [id], settings, primaryMetrics }
      const task = { kind: 'module', name: 'echo' }
      return (await createExperiment(t.services, t.scope, { name: randomUUID(), datasetId, task, ...rest })).id
    },
  },
  updatePrompt: {
    type: 'Prompt',
    selection: 'name description metadata version newest { content { messages { content } } } labels { name }',
    fields: {
      name: 'REFUSED',
      description: cleared,
      metadata: cleared,
      content: 'REFUSED',
      message: 'REFUSED',
      labels: 'REFUSED',
      ifVersion: 'REFUSED',
    },
    make: async () => {
      const rest = { description: 'd', metadata: { m: 1 }, labels: ['production'], message: 'm' }
      return (await createPrompt(t.services, t.scope, { name: randomUUID(), content, ...rest })).id
    },
  },
  updateReviewQueue: {
    type: 'ReviewQueue',
    selection: 'name description authorsPerItem assignees { name }',
    fields: {
      name: 'REFUSED',
      description: cleared,
      authorsPerItem: 'REFUSED',
      assignees: { clearedTo: [] },
      closed: 'REFUSED',
    },
    make: async () => {
      const runId = await recordRun(t, await seedDataset(t, [1]), [
        { item: 0, output: 1, status: 'SUCCEEDED', scores: {} },
      ])
      const assignee = randomUUID()
      await t.db.prisma.person.create({ data: { name: assignee } })
      const score = `s${randomUUID()}`
      await setScoreConfig(t.services, t.scope, { name: score, dataType: 'BOOLEAN', direction: 'NONE' })
      const rest = { description: 'd', assignees: [assignee], scores: [score], selection: { all: true } } as const
      return (await createReviewQueue(t.services, t.scope, { name: randomUUID(), runId, ...rest })).id
    },
  },
  updateRun: {
    type: 'Run',
    selection: `priority ${settingsSelection}`,
    fields: { concurrency: 'REFUSED', budgetUsd: cleared, maxFailureRate: cleared, priority: 'REFUSED' },
    make: async () => {
      const experimentId = await updates.updateExperiment?.make()
      return (await startRun(t.services, t.scope, { experimentId: experimentId ?? '', priority: 7 })).id
    },
  },
}

let t: TestServer
beforeAll(async () => {
  t = await startTestServer({ tasks: [{ name: 'echo', run: (input) => input }] })
})
afterAll(() => t[Symbol.asyncDispose]())

const inputOf = (name: string) => Object.values((schema.getType(name) as GraphQLInputObjectType).getFields())

test('every field of every update has a verdict', () => {
  const names = Object.keys(schema.getMutationType()?.getFields() ?? {}).filter(
    // What null does there depends on the provider: test/schema/provider/providers.test.ts.
    (name) => name.startsWith('update') && name !== 'updateProvider',
  )
  expect(names.sort()).toEqual(Object.keys(updates))
  for (const [name, { fields, settings }] of Object.entries(updates)) {
    const input = inputOf(`${name.charAt(0).toUpperCase()}${name.slice(1)}Input`)
    const nullable = input.filter(({ type }) => isNullableType(type)).map((field) => field.name)
    expect(Object.keys(fields).sort(), name).toEqual(nullable.sort())
    if (settings) {
      expect(Object.keys(settings).sort()).toEqual(
        inputOf('RunSettingsInput')
          .map((field) => field.name)
          .sort(),
      )
    }
  }
})

/** Of everything that the selection has, by the name of the field in the input. */
async function read({ type, selection }: Update, id: string): Promise<Record<string, unknown>> {
  const document = `query($id: ID!) { node(id: $id) { ... on ${type} { ${selection} } } }`
  const { node } = (await t.query(document, { id: encodeGlobalId(type, id) })).data
  const { settings, evaluators, datasets, ...rest } = node
  return { ...rest, ...settings, evaluatorIds: evaluators, datasetIds: datasets }
}

async function change(name: string, update: Update, id: string, input: object) {
  const document = `mutation($input: ${name.charAt(0).toUpperCase()}${name.slice(1)}Input!) { ${name}(input: $input) {
    __typename ... on UserError { path message }
  } }`
  const { data } = await t.query(document, { input: { id: encodeGlobalId(update.type, id), ...input } })
  return data[name]
}

describe.each(Object.entries(updates))('%s', (name, update) => {
  test('keeps everything that is omitted', async () => {
    const id = await update.make()
    const before = await read(update, id)
    // A score has a range or categories.
    const { categories: _, ...others } = before
    expect(Object.values(others)).not.toContain(null)
    expect((await change(name, update, id, {})).__typename).toMatch(/Payload$/)
    expect(await read(update, id)).toEqual(before)
  })

  const cases = [
    ...Object.entries(update.fields).map(([field, verdict]) => [field, { [field]: null }, verdict] as const),
    ...Object.entries(update.settings ?? {}).map(
      ([field, verdict]) => [`settings.${field}`, { settings: { [field]: null } }, verdict] as const,
    ),
  ]
  test.each(cases)('%s: null', async (path, input, verdict) => {
    const id = await update.make()
    const before = await read(update, id)
    const result = await change(name, update, id, input)
    const field = path.split('.').at(-1) ?? ''
    if (verdict === 'REFUSED') {
      expect(result).toMatchObject({
        __typename: 'InvalidInputError',
        path: ['input', ...path.split('.')],
        message: `Expected a value, got null: ${field} cannot be cleared. Leave it out to keep it.`,
      })
      expect(await read(update, id)).toEqual(before)
    } else {
      expect(result.__typename).toMatch(/Payload$/)
      expect(await read(update, id)).toEqual({
        ...before,
        [field]: verdict.clearedTo,
        // What changes scores makes a new version.
        ...('version' in before && { version: expect.any(Number) }),
      })
    }
  })
})

test('in what is created, null is the same as omitting a field', async () => {
  const create = async (name: string, more: object) => {
    const { data } = await t.query(
      `mutation($input: ${name}Input!) { result: ${name.charAt(0).toLowerCase()}${name.slice(1)}(input: $input) {
        __typename ... on UserError { message path }
      } }`,
      { input: more },
    )
    return data.result.__typename
  }
  const nothing = (type: string, ...except: string[]) => {
    const nullable = inputOf(type).filter(({ type, name }) => isNullableType(type) && !except.includes(name))
    return Object.fromEntries(nullable.map(({ name }) => [name, null]))
  }
  const datasetId = encodeGlobalId('Dataset', await seedDataset(t, [1]))
  const experimentId = encodeGlobalId('Experiment', (await updates.updateExperiment?.make()) ?? '')
  const builtin = { exactMatch: { outputPath: null, expectedPath: null } }
  const named = { name: randomUUID() }
  expect(await create('CreateDataset', { ...nothing('CreateDatasetInput'), ...named })).toBe('CreateDatasetPayload')
  expect(
    await create('CreateEvaluator', { ...nothing('CreateEvaluatorInput'), ...named, definition: { builtin } }),
  ).toBe('CreateEvaluatorPayload')
  const parameters = nothing('ModelParametersInput')
  const filled = { ...nothing('PromptContentInput'), ...content, parameters }
  expect(await create('CreatePrompt', { ...nothing('CreatePromptInput'), ...named, content: filled })).toBe(
    'CreatePromptPayload',
  )
  const task = { module: { name: 'echo' } }
  const settings = nothing('RunSettingsInput')
  expect(
    await create('CreateExperiment', { ...nothing('CreateExperimentInput'), ...named, datasetId, task, settings }),
  ).toBe('CreateExperimentPayload')
  expect(await create('StartRun', { ...nothing('StartRunInput'), experimentId })).toBe('StartRunPayload')
  const target = { runId: encodeGlobalId('Run', (await updates.updateRun?.make()) ?? '') }
  expect(await create('SetScore', { ...nothing('SetScoreInput', 'value'), ...named, target, value: 1 })).toBe(
    'SetScorePayload',
  )
})

test('a gate is removed by null only', async () => {
  const experimentId = encodeGlobalId('Experiment', (await updates.updateExperiment?.make()) ?? '')
  const set = async (input: object) => {
    const document = `mutation($input: SetGateInput!) { setGate(input: $input) {
      ... on SetGatePayload { experiment { gate { maxFailureRate } } } ... on UserError { path }
    } }`
    return (await t.query(document, { input: { experimentId, ...input } })).data.setGate
  }
  const experiment = { gate: { maxFailureRate: 0.5 } }
  expect(await set({ gate: { maxFailureRate: 0.5, maxCostUsd: null } })).toEqual({ experiment })
  expect(await set({})).toEqual({ path: ['input', 'gate'] })
  expect(await set({ gate: null })).toEqual({ experiment: { gate: null } })
})
