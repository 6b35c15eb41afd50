/** What happens in the database before its snapshot is taken: three datasets, an evaluator of every kind, twenty runs. */
import { createExperiment, finish, startRun, until } from '../actions.ts'
import type { Api } from '../api.ts'
import type { Stage } from '../make.ts'
import { startEndpoint } from './endpoint.ts'

interface Ids {
  tickets: string
  sums: string
  notes: string
  evaluators: Record<string, string>
}

/** Ends with a run that is executing and another one that nobody has begun. */
export default async function play(stage: Stage): Promise<void> {
  const { api } = stage
  const endpoint = await startEndpoint()
  try {
    const ids = await fill(stage)
    const baseline = await runTickets(api, ids)
    await runSums(api, ids, endpoint.url)
    await runNotes(api, ids)
    await judge(api, baseline)
    await changeEvaluators(api, ids)
  } finally {
    endpoint.stop()
  }
  const { notes } = await listDatasets(api)
  const executing = await createExperiment(api, notes ?? '', 'long', 'take a while', {
    settings: { concurrency: 12, repetitions: 8, maxAttempts: 3 },
  })
  const runId = await startRun(api, executing, 'executing')
  await until(api, runId, ({ succeeded, running, total }) => succeeded > total / 3 && running > 4)
  await stage.killWorker()
  await startRun(api, executing, 'not begun', { priority: 5, overrides: { repetitions: 1 } })
  // The queue writes down where its processes are, which is nobody's business.
  await stage.sql(`UPDATE pgboss.instance SET host = 'somewhere'`)
}

async function fill({ api, sql }: Stage): Promise<Ids> {
  const tickets = await api.importItems(
    'support/tickets',
    Array.from({ length: 24 }, (_, n) => {
      const subject = ['billing', 'delivery', 'account', 'weather'][n % 4] ?? ''
      return {
        key: `ticket-${n}`,
        input: { text: `${['Where', 'When', 'Why', 'How'][n % 3]} about ${subject}, case ${n * 7}?` },
        expected: n % 4 === 3 ? 'other' : subject,
        tags: [subject, n % 2 ? 'odd' : 'even'],
        metadata: { source: n < 12 ? 'mail' : 'chat' },
      }
    }),
  )
  await api.mutate('updateDataset', 'UpdateDatasetPayload', 'dataset { id }', {
    id: tickets,
    description: 'Who answers which ticket.',
    metadata: { owner: 'support' },
    inputSchema: { type: 'object', required: ['text'], properties: { text: { type: 'string' } } },
  })
  const { dataset } = await api.mutate<{ dataset: { items: { nodes: { id: string; key: string }[] } } }>(
    'upsertDatasetItems',
    'UpsertDatasetItemsPayload',
    'dataset { items(first: 100) { nodes { id key } } }',
    {
      datasetId: tickets,
      items: [
        { key: 'ticket-3', input: { text: 'Is the weather part of delivery?' }, expectedOutput: 'delivery' },
        { key: 'ticket-8', input: { text: 'Why about billing, case 56?' }, expectedOutput: 'billing', tags: ['moved'] },
        { key: 'ticket-new', input: { text: 'My account is gone' }, expectedOutput: 'account' },
      ],
    },
  )
  const archived = dataset.items.nodes.filter(({ key }) => key === 'ticket-5').map(({ id }) => id)
  const archive = { datasetId: tickets, itemIds: archived }
  await api.mutate('archiveDatasetItems', 'ArchiveDatasetItemsPayload', 'archived', archive)

  const sums = await api.importItems(
    'sums',
    Array.from({ length: 20 }, (_, n) => ({ input: `${n % 18} + ${n % 5}`, expected: (n % 18) + (n % 5) })),
  )
  const notes = await api.importItems('notes', [
    { key: 'short', input: { text: 'Bring milk.' }, expected: 'milk' },
    { key: 'long', input: { text: 'A long note about nothing in particular that goes on and on.' }, expected: null },
    { key: 'umlauts', input: { text: 'Grüße, naïve 日本語 \u{1F95B} — \\N \t "quoted"' } },
    { key: 'nothing', input: null },
    { key: 'deep', input: { text: 'deep', list: [1, 2.5, -1e-9, null, { more: [] }] }, tags: ['strange'] },
    { key: 'empty', input: { text: '' }, expected: { text: '' }, metadata: { a: [1] } },
  ])
  await sql(
    `INSERT INTO score_config (project_id, name, data_type, min, max) SELECT id, 'quality', 'NUMERIC', 0, 10 FROM project`,
  )
  await sql(
    `INSERT INTO score_config (project_id, name, data_type, direction, categories)
     SELECT id, 'kind', 'CATEGORICAL', 'NONE', '["good", "bad"]' FROM project`,
  )
  return { tickets, sums, notes, evaluators: await createEvaluators(api, { tickets, sums, notes }) }
}

type Datasets = Pick<Ids, 'tickets' | 'sums' | 'notes'>

async function createEvaluators(api: Api, { tickets, sums, notes }: Datasets): Promise<Record<string, string>> {
  const both = [tickets, notes]
  const all = [
    { name: 'exact', datasetIds: [tickets], definition: { builtin: { exactMatch: { ignoreCase: true } } } },
    { name: 'similar', datasetIds: both, definition: { builtin: { levenshtein: {} } } },
    { name: 'number', datasetIds: [sums], definition: { builtin: { numeric: { absoluteTolerance: 0.5 } } } },
    { name: 'words', definition: { module: { name: 'words' } }, direction: 'LOWER_IS_BETTER' },
    { name: 'tone', datasetIds: both, definition: { module: { name: 'tone' } } },
    { name: 'parts', datasetIds: [notes], definition: { module: { name: 'parts' } } },
    { name: 'quick', definition: { builtin: { latency: { maxMs: 15 } } }, sampling: 0.5 },
    { name: 'cheap', datasetIds: [tickets, sums], definition: { builtin: { cost: { maxUsd: 0.003 } } } },
    { name: 'listed', active: false, definition: { builtin: { regex: { pattern: '^[a-z]+$' } } } },
    { name: 'retired', datasetIds: [tickets], definition: { builtin: { contains: { text: 'i' } } } },
  ]
  const ids: Record<string, string> = {}
  for (const input of all) {
    const { evaluator } = await api.mutate<{ evaluator: { id: string } }>(
      'createEvaluator',
      'EvaluatorPayload',
      'evaluator { id }',
      input,
    )
    ids[input.name] = evaluator.id
  }
  return ids
}

async function runTickets(api: Api, { tickets, evaluators }: Ids): Promise<string> {
  const evaluatorIds = [evaluators.listed]
  const router = await createExperiment(api, tickets, 'router', 'route', {
    evaluatorIds,
    description: 'The one in use.',
  })
  const baseline = await finish(api, await startRun(api, router, 'router', { idempotencyKey: 'once' }))
  await api.mutate('approveBaseline', 'BaselinePayload', 'dataset { id }', { runId: baseline, author: 'ada' })
  await finish(api, await startRun(api, router, 'router on the first version', { datasetVersion: 1 }))
  await finish(
    api,
    await startRun(api, router, 'router on some', { subset: { tags: ['even'], sample: 6 }, seed: 'mine' }),
  )

  const careless = await createExperiment(
    api,
    tickets,
    'careless',
    'route carelessly',
    {},
    {
      minMeans: [{ score: 'exact', value: 0.9 }],
      notWorse: [{ metric: 'exact', margin: 0.02 }],
    },
  )
  await finish(api, await startRun(api, careless, 'careless', { metadata: { commit: 'abc' } }))

  const settings = { repetitions: 3, concurrency: 8 }
  const chance = await createExperiment(
    api,
    tickets,
    'chance',
    'route by chance',
    { settings, metadata: { idea: 1 } },
    {
      maxFailureRate: 0,
      maxP95LatencyMs: 5_000,
      maxAvgLatencyMs: 1_000,
      minMeans: [{ score: 'exact', value: 0.3 }],
    },
  )
  await finish(api, await startRun(api, chance, 'by chance'))

  const priced = await createExperiment(
    api,
    tickets,
    'priced',
    'route at a price',
    {},
    { maxCostUsd: 1, maxAvgCostUsd: 0.001 },
  )
  await finish(api, await startRun(api, priced, 'priced'))
  const budget = { budgetUsd: 0.02, concurrency: 1 }
  await finish(api, await startRun(api, priced, 'over budget', { overrides: budget }), 'STOPPED')

  const bad = await createExperiment(api, tickets, 'bad', 'route badly', { settings: { maxAttempts: 2 } })
  await finish(api, await startRun(api, bad, 'bad'))
  const retried = await finish(api, await startRun(api, bad, 'bad, tried again'))
  await api.mutate('retryFailedItems', 'RunPayload', 'run { id }', { id: retried })
  await finish(api, retried)
  const failureRate = { maxFailureRate: 0.1, concurrency: 2, maxAttempts: 1 }
  await finish(api, await startRun(api, bad, 'too bad', { overrides: failureRate }), 'STOPPED')

  const slow = await createExperiment(api, tickets, 'slow', 'route slowly', { settings: { concurrency: 2 } })
  for (const name of ['cancelled', 'cancelled and resumed']) {
    const runId = await startRun(api, slow, name)
    await until(api, runId, ({ succeeded }) => succeeded > 5)
    await api.mutate('cancelRun', 'RunPayload', 'run { id }', { id: runId })
    await finish(api, runId, 'CANCELLED')
    if (name === 'cancelled') continue
    await api.mutate('resumeRun', 'RunPayload', 'run { id }', { id: runId })
    await finish(api, runId)
  }

  const wrong = await createExperiment(api, tickets, 'wrong', 'route wrongly', { settings: { concurrency: 1 } })
  const earlyStop = { baselineId: baseline, metric: 'exact' }
  await finish(api, await startRun(api, wrong, 'decided early', { earlyStop }), 'STOPPED')
  return baseline
}

async function runSums(api: Api, { sums }: Ids, url: string): Promise<void> {
  await api.mutate('setEndpointLimit', 'SetEndpointLimitPayload', 'endpointLimit { id }', {
    endpoint: url,
    concurrency: 4,
    requestsPerMinute: 60_000,
    tokensPerMinute: 1_000_000,
  })
  const http = (path: string) => ({
    http: {
      url: `${url}${path}`,
      headers: { authorization: 'Bearer of-nothing' },
      body: { question: '{{input}}', repetition: 1 },
      outputPath: '$.answer',
      costPath: '$.usd',
      inputTokensPath: '$.tokens.in',
      outputTokensPath: '$.tokens.out',
    },
  })
  const cached = { settings: { cache: true, concurrency: 5 } }
  const adder = await createExperiment(api, sums, 'adder', http('/add'), cached)
  await finish(api, await startRun(api, adder, 'adder'))
  await finish(api, await startRun(api, adder, 'adder from the cache'))
  const ill = await createExperiment(api, sums, 'ill adder', http('/ill'), {
    settings: { maxAttempts: 2, repetitions: 2 },
  })
  await finish(api, await startRun(api, ill, 'ill adder'))
}

async function runNotes(api: Api, { notes }: Ids): Promise<void> {
  const summaries = await createExperiment(api, notes, 'summaries', 'summarize')
  await finish(api, await startRun(api, summaries, 'summaries'))
  await finish(api, await startRun(api, summaries, 'summaries, twice each', { overrides: { repetitions: 2 } }))
}

/** Scores by people and programs, given, replaced and taken back, on items and on a run. */
async function judge(api: Api, runId: string): Promise<void> {
  const { node } = await api.ask<{ node: { items: { nodes: { id: string }[] } } }>(
    'query ($id: ID!) { node(id: $id) { ... on Run { items(first: 12) { nodes { id } } } } }',
    { id: runId },
  )
  const set = async (input: object) => {
    const { score } = await api.mutate<{ score: { id: string } }>('setScore', 'ScorePayload', 'score { id }', input)
    return score.id
  }
  for (const [n, { id: runItemId }] of node.items.nodes.entries()) {
    const target = { runItemId }
    await set({ target, name: 'quality', value: (n * 3) % 11, author: 'ada', comment: n === 2 ? 'odd' : null })
    if (n % 2) await set({ target, name: 'quality', value: n % 7, author: 'bob' })
    if (n % 3) await set({ target, name: 'kind', label: n % 2 ? 'good' : 'bad', author: 'ada' })
    if (n % 4 === 0) await set({ target, name: 'exact', value: 0, dataType: 'BOOLEAN', author: 'bob' })
    if (n < 3) await set({ target, name: 'remark', label: `remark ${n}`, dataType: 'TEXT', author: 'bob' })
    await set({ target, name: 'offline', value: n / 8, source: 'API', metadata: { batch: n } })
  }
  const [first, second] = node.items.nodes
  await set({ target: { runItemId: first?.id }, name: 'quality', value: 9.5, author: 'ada' })
  await set({ target: { runItemId: first?.id }, name: 'kind', label: 'bad', author: 'ada' })
  await set({ target: { runItemId: first?.id }, name: 'kind', label: 'good', author: 'ada' })
  const id = await set({ target: { runItemId: second?.id }, name: 'quality', value: 1, author: 'carl' })
  await api.mutate('deleteScore', 'DeletePayload', 'deletedId', { id })
  await set({ target: { runId }, name: 'release', value: 1, dataType: 'BOOLEAN', author: 'ada', comment: 'Ship it.' })
}

/** After runs have pinned them. */
async function changeEvaluators(api: Api, { evaluators }: Ids): Promise<void> {
  const changed = { id: evaluators.exact, definition: { builtin: { exactMatch: { ignoreCase: false } } } }
  await api.mutate('updateEvaluator', 'EvaluatorPayload', 'evaluator { version }', changed)
  await api.mutate('deleteEvaluator', 'DeletePayload', 'deletedId', { id: evaluators.retired })
}

async function listDatasets(api: Api): Promise<Record<string, string>> {
  const { datasets } = await api.ask<{ datasets: { nodes: { id: string; name: string }[] } }>(
    '{ datasets { nodes { id name } } }',
  )
  return Object.fromEntries(datasets.nodes.map(({ id, name }) => [name, id]))
}
