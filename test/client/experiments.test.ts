/** What users of experiment runners know and expect, each against a real server. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Assay, type ItemResult, type Progress } from '../../src/client/index.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'

let t: TestServer
let assay: Assay
beforeAll(async () => {
  t = await startTestServer()
  assay = new Assay({ url: t.url })
})
afterAll(() => t[Symbol.asyncDispose]())

const capitals = [
  { input: 'France', expectedOutput: 'Paris' },
  { input: 'Germany', expectedOutput: 'Berlin' },
  { input: 'Japan', expectedOutput: 'Tokyo' },
]
const answers: Record<string, string> = { France: 'Paris', Germany: 'Bonn', Japan: 'Tokyo' }
const answer = async ({ input }: { input: string }) => answers[input] ?? ''
const exact = ({ output, expectedOutput }: { output: string; expectedOutput?: string }) => ({
  name: 'exact',
  value: output === expectedOutput ? 1 : 0,
})
const name = () => `experiment ${randomUUID()}`
const numbers = (count: number) => Array.from({ length: count }, (_, input) => ({ input, expectedOutput: input * 2 }))

async function dataset<Item extends { input: unknown }>(items: readonly Item[]) {
  const created = await assay.datasets.create<Item['input'], unknown>({ name: name() })
  return created.upsert(items as readonly { input: Item['input'] }[])
}

describe('a local run', () => {
  test('has its results in the order of the data, a generated name and no dataset run id', async () => {
    const experiment = name()
    const result = await assay.runExperiment({ name: experiment, data: capitals, task: answer, evaluators: [exact] })
    expect(result.itemResults.map(({ input, expectedOutput, output }) => [input, expectedOutput, output])).toEqual([
      ['France', 'Paris', 'Paris'],
      ['Germany', 'Berlin', 'Bonn'],
      ['Japan', 'Tokyo', 'Tokyo'],
    ])
    expect(result.itemResults.map(({ evaluations }) => evaluations)).toMatchObject([
      [{ name: 'exact', value: 1 }],
      [{ name: 'exact', value: 0 }],
      [{ name: 'exact', value: 1 }],
    ])
    expect(result.runName).toMatch(new RegExp(`^${experiment} - \\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$`))
    expect(result.datasetRunId).toBeUndefined()
    expect(result.datasetRunUrl).toBeUndefined()
    expect(result.runId).toEqual(expect.any(String))
    expect(result.runUrl).toContain(`/runs/${result.runId}`)
    expect(result.status).toBe('COMPLETED')
  })

  test('is a real run of the server, with outputs, scores, latency and a trace id of 32 hex digits', async () => {
    const result = await assay.runExperiment({ name: name(), data: capitals, task: answer, evaluators: [exact] })
    const run = await assay.runs.get(result.runId as string)
    expect(run.status).toBe('COMPLETED')
    expect(run.stats.scores).toMatchObject([{ name: 'exact', count: 3, mean: 2 / 3 }])
    const items = await run.items()
    expect(items.map(({ input, output }) => [input, output]).sort()).toEqual([
      ['France', 'Paris'],
      ['Germany', 'Bonn'],
      ['Japan', 'Tokyo'],
    ])
    const traces = new Map(result.itemResults.map(({ runItemId, traceId }) => [runItemId, traceId]))
    for (const { id, traceId, scores, latencyMs } of items) {
      expect(traceId).toMatch(/^[0-9a-f]{32}$/)
      expect(traceId).toBe(traces.get(id))
      expect(scores).toMatchObject([{ name: 'exact', source: 'EVALUATOR' }])
      expect(latencyMs).toBeGreaterThanOrEqual(0)
    }
  })

  test('is not recorded with `record: false`, and nothing is sent', async () => {
    const nowhere = new Assay({
      url: 'http://127.0.0.1:9',
      fetch: () => {
        throw new Error('something was sent')
      },
    })
    const options = { name: name(), data: capitals, task: answer, evaluators: [exact], record: false }
    const result = await nowhere.runExperiment(options)
    expect(result.itemResults.map(({ evaluations }) => evaluations[0]?.value)).toEqual([1, 0, 1])
    expect(result.runId).toBeUndefined()
    await expect(result.compareTo()).rejects.toThrow('Expected a run that was recorded')
  })

  test('of equal data makes no new version of its dataset, and of changed data one without what is gone', async () => {
    const experiment = name()
    const run = async (data: { input: unknown; expectedOutput?: unknown }[]) => {
      const result = await assay.runExperiment({ name: experiment, data, task: () => 1 })
      const { dataset } = await assay.runs.get(result.runId as string)
      return dataset
    }
    const first = await run(capitals)
    expect(await run([...capitals].reverse())).toEqual(first)
    expect(await run(capitals.slice(1))).toEqual({ ...first, version: first.version + 1 })
    const twice = [{ input: 'same' }, { input: 'same' }, { input: null }]
    const changed = await run(twice)
    expect((await assay.datasets.get(changed.name)).itemCount).toBe(3)
  })
})

describe('a run on a dataset', () => {
  test('has an id and a URL, and is found with name, description, metadata and dataset', async () => {
    const data = await dataset(capitals)
    const result = await data.runExperiment({
      name: name(),
      runName: 'first try',
      description: 'with the small model',
      metadata: { model: 'small', temperature: 0 },
      task: ({ input }) => answers[input] ?? '',
      evaluators: [exact],
    })
    expect(result.runName).toBe('first try')
    expect(result.datasetRunId).toBe(result.runId)
    expect(result.datasetRunUrl).toContain(result.runId)
    const run = await assay.runs.get(result.datasetRunId as string)
    expect(run).toMatchObject({
      name: 'first try',
      description: 'with the small model',
      dataset: { id: data.id, version: 1 },
    })
    expect(run.metadata).toMatchObject({ model: 'small', temperature: 0 })
    const listed = []
    for await (const one of assay.runs.list({ datasetId: data.id })) listed.push(one.name)
    expect(listed).toEqual(['first try'])
    expect(result.itemResults.map(({ input }) => input)).toEqual(['France', 'Germany', 'Japan'])
    expect(result.itemResults[0]?.item).toMatchObject({ datasetId: data.id, id: expect.any(String) })
  })

  test('has an id of its own each time', async () => {
    const data = await dataset(capitals)
    const options = { name: name(), task: () => 'x' }
    const [one, two] = [await data.runExperiment(options), await data.runExperiment(options)]
    expect(one.datasetRunId).not.toBe(two.datasetRunId)
    expect(one.experimentId).toBe(two.experimentId)
  })

  test('can be of a version, and of the dataset as of a moment', async () => {
    const old = await dataset(capitals.slice(0, 1))
    const { rows } = await t.db.pool.query<{ now: Date }>('SELECT clock_timestamp() AS now')
    const changed = await old.upsert(capitals.slice(1))
    expect(changed.version).toBe(2)
    const inputs = async (at: object) => {
      const data = await assay.getDataset(old.name, at)
      const { itemResults } = await data.runExperiment({ name: name(), task: () => 1 })
      return itemResults.map(({ input }) => input)
    }
    expect(await inputs({ version: 1 })).toEqual(['France'])
    expect(await inputs({ asOf: rows[0]?.now })).toEqual(['France'])
    expect(await inputs({})).toEqual(['France', 'Germany', 'Japan'])
    await expect(assay.getDataset(old.name, { version: 9 })).rejects.toThrow('There is no version 9')
  })

  test('of two datasets may have the same name of experiment', async () => {
    const [one, two] = [await dataset(capitals), await dataset(capitals)]
    const experiment = name()
    const ids = [one, two].map(
      async (data) => (await data.runExperiment({ name: experiment, task: () => 1 })).experimentId,
    )
    const [first, second] = await Promise.all(ids)
    expect(first).not.toBe(second)
  })
})

describe('evaluators', () => {
  test('that fail leave the other scores and the item, and their failures are counted', async () => {
    const broken = () => {
      throw new Error('no model')
    }
    const result = await assay.runExperiment({
      name: name(),
      data: capitals,
      task: answer,
      evaluators: [broken, exact],
    })
    expect(result.itemResults).toHaveLength(3)
    for (const { evaluations, evaluatorErrors } of result.itemResults) {
      expect(evaluations.map(({ name }) => name)).toEqual(['exact'])
      expect(evaluatorErrors).toEqual([{ name: 'broken', message: 'no model' }])
    }
    const run = await assay.runs.get(result.runId as string)
    expect(run.stats.scores).toMatchObject([
      { name: 'broken', count: 0, errorCount: 3 },
      { name: 'exact', count: 3, errorCount: 0 },
    ])
  })

  test('of the run that fail drop only themselves', async () => {
    const broken = () => {
      throw new Error('no')
    }
    const mean = ({ itemResults }: { itemResults: ItemResult[] }) => ({ name: 'items', value: itemResults.length })
    const result = await assay.runExperiment({
      name: name(),
      data: capitals,
      task: answer,
      runEvaluators: [broken, mean],
    })
    expect(result.runEvaluations).toMatchObject([{ name: 'items', value: 3 }])
    expect(result.runEvaluatorErrors).toEqual([{ name: 'broken', message: 'no' }])
    const { data } = await t.query('query($id: ID!) { run(id: $id) { scores { name value } } }', { id: result.runId })
    expect(data.run.scores).toEqual([{ name: 'items', value: 3 }])
  })

  test('return one or several scores, at once or later, of every type, with comment and metadata', async () => {
    const result = await assay.runExperiment({
      name: name(),
      data: capitals.slice(0, 1),
      task: answer,
      evaluators: [
        () => [
          { name: 'number', value: 0.25, comment: 'a quarter', metadata: { of: 4 } },
          { name: 'text', value: 'fine', dataType: 'TEXT' },
        ],
        async () => ({ name: 'boolean', value: true }),
        async () => [{ name: 'label', value: 'warm' }],
        function bare() {
          return 0.5
        },
        () => null,
        () => undefined,
        () => ({ name: 'none', value: null }),
      ],
      runEvaluators: [
        () => [
          { name: 'a', value: 1 },
          { name: 'b', value: false },
        ],
        async () => ({ name: 'c', value: 'x' }),
      ],
    })
    expect(result.itemResults[0]?.evaluations).toEqual([
      { name: 'number', value: 0.25, dataType: 'NUMERIC', comment: 'a quarter', metadata: { of: 4 } },
      { name: 'text', value: 'fine', dataType: 'TEXT' },
      { name: 'boolean', value: true, dataType: 'BOOLEAN' },
      { name: 'label', value: 'warm', dataType: 'CATEGORICAL' },
      { name: 'bare', value: 0.5, dataType: 'NUMERIC' },
      { name: 'none', value: null },
    ])
    const [item] = await (await assay.runs.get(result.runId as string)).items()
    expect(item?.scores).toMatchObject([
      { name: 'bare', dataType: 'NUMERIC', value: 0.5 },
      { name: 'boolean', dataType: 'BOOLEAN', value: 1 },
      { name: 'label', dataType: 'CATEGORICAL', label: 'warm' },
      { name: 'number', dataType: 'NUMERIC', value: 0.25, comment: 'a quarter' },
      { name: 'text', dataType: 'TEXT', label: 'fine' },
    ])
    const { data } = await t.query('query($id: ID!) { run(id: $id) { scores { name dataType value label } } }', {
      id: result.runId,
    })
    expect(data.run.scores).toMatchObject([
      { name: 'a', dataType: 'NUMERIC', value: 1 },
      { name: 'b', dataType: 'BOOLEAN', value: 0 },
      { name: 'c', dataType: 'CATEGORICAL', label: 'x' },
    ])
  })

  test('that return NaN, or no score at all, failed, and poison no average', async () => {
    const scores = [1, Number.NaN, 0]
    let n = 0
    const result = await assay.runExperiment({
      name: name(),
      data: capitals,
      task: answer,
      maxConcurrency: 1,
      evaluators: [() => ({ name: 'score', value: scores[n++] as number }), (() => ({ points: 1 })) as never],
    })
    expect(result.format()).toContain('score: 0.500 (n = 2, 1 missing)')
    const errors = result.itemResults.flatMap(({ evaluatorErrors }) => evaluatorErrors.map(({ message }) => message))
    expect(errors).toContainEqual(expect.stringContaining('Expected a finite number, a string, a boolean or null'))
    expect(errors).toContainEqual(expect.stringContaining('got an object with the members points'))
  })

  test('are combined by a composite evaluator, from the scores of the same item', async () => {
    const result = await assay.runExperiment({
      name: name(),
      data: capitals,
      task: answer,
      evaluators: [() => ({ name: 'accuracy', value: 0.8 }), () => ({ name: 'style', value: 0.9 })],
      compositeEvaluator: ({ evaluations }) => {
        const value = (name: string) => Number(evaluations.find((one) => one.name === name)?.value)
        return { name: 'total', value: value('accuracy') * 0.6 + value('style') * 0.4 }
      },
    })
    for (const { evaluations } of result.itemResults) {
      expect(evaluations.map(({ name }) => name)).toEqual(['accuracy', 'style', 'total'])
      expect(evaluations[2]?.value).toBeCloseTo(0.84)
    }
    const run = await assay.runs.get(result.runId as string)
    expect(run.stats.scores.find(({ name }) => name === 'total')?.mean).toBeCloseTo(0.84)
  })
})

describe('items', () => {
  test('that fail stay in the results with their error, and in every count', async () => {
    const result = await assay.runExperiment({
      name: name(),
      data: numbers(4),
      task: ({ input }) => {
        if (input % 2 === 1) throw new Error(`cannot do ${input}`)
        return input * 2
      },
      evaluators: [exact as never],
    })
    expect(result.itemResults.map(({ input, output, status }) => [input, output, status])).toEqual([
      [0, 0, 'SUCCEEDED'],
      [1, undefined, 'FAILED'],
      [2, 4, 'SUCCEEDED'],
      [3, undefined, 'FAILED'],
    ])
    expect(result.itemResults[1]?.error).toEqual({ code: 'TASK_FAILED', message: 'cannot do 1' })
    const run = await assay.runs.get(result.runId as string)
    expect(run.progress).toMatchObject({ total: 4, succeeded: 2, failed: 2 })
    const failed = (await run.items()).find(({ input }) => input === 1)
    expect(failed).toMatchObject({
      status: 'FAILED',
      error: { message: 'cannot do 1' },
      traceId: result.itemResults[1]?.traceId,
    })
  })

  test('may all fail, and the experiment does not throw', async () => {
    const task = () => Promise.reject(new Error('down'))
    const result = await assay.runExperiment({ name: name(), data: capitals, task, evaluators: [exact] })
    expect(result.itemResults.map(({ status }) => status)).toEqual(['FAILED', 'FAILED', 'FAILED'])
    expect(result.format({ includeItemResults: true })).toContain('TASK_FAILED: down')
    expect(result.format()).toContain('3 items, 3 failed')
  })

  test('may be none: run evaluators are still executed, nothing is recorded, and format says so', async () => {
    const runEvaluators = [({ itemResults }: { itemResults: unknown[] }) => ({ name: 'n', value: itemResults.length })]
    const empty = await assay.runExperiment({ name: name(), data: [], task: answer, runEvaluators })
    expect(empty.runEvaluations).toMatchObject([{ name: 'n', value: 0 }])
    expect(empty.runId).toBeUndefined()
    expect(empty.format()).toContain('No results to display.')
    const data = await assay.datasets.create({ name: name() })
    const hosted = await data.runExperiment({ name: name(), task: () => 1 })
    expect([hosted.datasetRunId, hosted.format()]).toEqual([undefined, 'No results to display.'])
  })

  test('need no expected output, and null and "" are inputs', async () => {
    const data = [{ input: null }, { input: '' }, { input: 0 }]
    const result = await assay.runExperiment({
      name: name(),
      data,
      task: ({ input }) => String(input),
      evaluators: [({ expectedOutput }) => ({ name: 'expected', value: expectedOutput === undefined })],
    })
    expect(result.itemResults.map(({ input, output }) => [input, output])).toEqual([
      [null, 'null'],
      ['', ''],
      [0, '0'],
    ])
    expect(result.itemResults.map(({ evaluations }) => evaluations[0]?.value)).toEqual([true, true, true])
  })

  test('are given to the task as they were passed, and as the dataset has them', async () => {
    const when = new Date('2026-01-01T00:00:00Z')
    const seen: unknown[] = []
    const data = [{ input: { when }, metadata: { of: when }, key: 'k', tags: ['a'] }]
    await assay.runExperiment({
      name: name(),
      data,
      task: (item) => {
        seen.push(item)
        return item.input.when.getFullYear()
      },
    })
    expect(seen).toEqual([{ ...data[0], id: expect.any(String), datasetId: expect.any(String) }])
  })

  test('are executed as often as repetitions say', async () => {
    const seen: number[] = []
    const result = await assay.runExperiment({
      name: name(),
      data: numbers(3),
      repetitions: 3,
      task: ({ input }, { repetition }) => {
        seen.push(repetition)
        return input + repetition
      },
    })
    expect(result.itemResults.map(({ input, repetition, output }) => [input, repetition, output])).toEqual(
      [0, 1, 2].flatMap((input) => [0, 1, 2].map((repetition) => [input, repetition, input + repetition])),
    )
    expect(seen).toHaveLength(9)
  })

  test('are limited in time, and repeated for errors that another attempt can help', async () => {
    const slow = await assay.runExperiment({
      name: name(),
      data: numbers(1),
      timeoutMs: 20,
      maxAttempts: 1,
      task: (_, { signal }) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    })
    expect(slow.itemResults[0]?.error).toEqual({ code: 'TIMEOUT', message: 'No result within 20 ms.' })

    let calls = 0
    const flaky = await assay.runExperiment({
      name: name(),
      data: numbers(1),
      task: (_, { attempt }) => {
        calls += 1
        if (attempt === 1) throw Object.assign(new Error('busy'), { retryable: true, retryAfterMs: 100 })
        return 'ok'
      },
    })
    expect(calls).toBe(2)
    expect(flaky.itemResults[0]).toMatchObject({ output: 'ok', attempts: 2, status: 'SUCCEEDED' })
  })
})

describe('concurrency', () => {
  test('20 items at 5 at once all return, never more than 5 at once', async () => {
    for (const record of [true, false]) {
      let active = 0
      let most = 0
      const result = await assay.runExperiment({
        name: name(),
        data: numbers(20),
        maxConcurrency: 5,
        record,
        task: async ({ input }) => {
          active += 1
          most = Math.max(most, active)
          await new Promise((resolve) => setImmediate(resolve))
          active -= 1
          return input
        },
      })
      expect(result.itemResults.map(({ output }) => output)).toEqual(Array.from({ length: 20 }, (_, n) => n))
      expect(most).toBeGreaterThan(1)
      expect(most).toBeLessThanOrEqual(5)
    }
  })

  test('a slot is filled again before a slow item has finished', async () => {
    for (const record of [true, false]) {
      let finished = 0
      let release = () => {}
      const slow = new Promise<void>((resolve) => {
        release = resolve
      })
      let isFirst = true
      const result = await assay.runExperiment({
        name: name(),
        data: numbers(6),
        maxConcurrency: 2,
        record,
        task: async ({ input }) => {
          if (isFirst) {
            isFirst = false
            await slow
          } else if (++finished === 5) release()
          return input
        },
      })
      expect(result.itemResults).toHaveLength(6)
    }
  })

  test('experiments that run at the same time mix nothing up', async () => {
    const experiment = name()
    const runs = await Promise.all(
      [1, 2, 3, 4].map((factor) =>
        assay.runExperiment({
          name: experiment,
          data: numbers(8),
          task: ({ input }) => input * factor,
          evaluators: [({ output }) => ({ name: 'output', value: output })],
        }),
      ),
    )
    for (const [index, { itemResults }] of runs.entries()) {
      const expected = numbers(8).map(({ input }) => input * (index + 1))
      expect(itemResults.map(({ output }) => output)).toEqual(expected)
      expect(itemResults.map(({ evaluations }) => evaluations[0]?.value)).toEqual(expected)
    }
    expect(new Set(runs.map(({ runId }) => runId)).size).toBe(4)
  })

  test('of a number that cannot be is refused before anything runs', async () => {
    const run = (options: object) => assay.runExperiment({ name: name(), data: capitals, task: answer, ...options })
    await expect(run({ maxConcurrency: 0 })).rejects.toThrow(
      'maxConcurrency: expected a whole number from 1 to 1000, got 0.',
    )
    await expect(run({ task: 'x' })).rejects.toThrow('task: expected a function, got "x".')
    await expect(run({ name: '' })).rejects.toThrow('name: expected a text of 1 to 200 characters, got "".')
    await expect(run({ data: 5 })).rejects.toThrow('data: expected a list of items, or a dataset, got 5.')
    await expect(run({ data: [{ input: 1n }] })).rejects.toThrow('data[0]: expected JSON, but input is a bigint')
  })
})

describe('format', () => {
  test('is a summary with counts, names, averages to three decimals, run evaluations and the URL', async () => {
    const result = await assay.runExperiment({
      name: 'capitals',
      runName: `try ${randomUUID()}`,
      data: capitals,
      task: answer,
      evaluators: [exact],
      runEvaluators: [() => ({ name: 'passed', value: true, comment: 'all good' })],
    })
    expect(result.format()).toBe(
      [
        'Experiment: capitals',
        `Run: ${result.runName}`,
        '3 items',
        'Evaluations:',
        '  • exact',
        'Average scores:',
        '  • exact: 0.667 (n = 3)',
        'Run evaluations:',
        '  • passed: true (all good)',
        `Run: ${result.runUrl}`,
      ].join('\n'),
    )
  })

  test('with items shows input, expected, actual, scores and trace of each', async () => {
    const result = await assay.runExperiment({ name: name(), data: capitals, task: answer, evaluators: [exact] })
    const text = result.format({ includeItemResults: true })
    expect(text).toContain(
      [
        '2. SUCCEEDED',
        '   Input: Germany',
        '   Expected: Berlin',
        '   Actual: Bonn',
        '   Scores:',
        '     • exact: 0.000',
        `   Trace: ${result.itemResults[1]?.traceId}`,
      ].join('\n'),
    )
  })
})

test('latency is that of the task alone: evaluators come after it', async () => {
  const result = await assay.runExperiment({
    name: name(),
    data: numbers(1),
    task: () => 1,
    evaluators: [
      async () => {
        const until = performance.now() + 60
        while (performance.now() < until) await new Promise((resolve) => setImmediate(resolve))
        return { name: 'slow', value: 1 }
      },
    ],
  })
  expect(result.itemResults[0]?.latencyMs).toBeLessThan(50)
})

test('the shape of Langfuse runs unchanged', async () => {
  const { experiment } = assay
  const result = await experiment.run({
    name: name(),
    description: 'as in their guide',
    data: capitals,
    task: async (item) => answers[item.input] ?? '',
    evaluators: [async ({ output, expectedOutput }) => ({ name: 'exact', value: output === expectedOutput ? 1 : 0 })],
    runEvaluators: [
      async ({ itemResults }) => {
        const values = itemResults.flatMap(({ evaluations }) => evaluations.map(({ value }) => Number(value)))
        return { name: 'average', value: values.reduce((a, b) => a + b, 0) / values.length }
      },
    ],
    maxConcurrency: 50,
  })
  expect(result.runEvaluations[0]?.value).toBeCloseTo(2 / 3)
})

test('progress is reported, up to the whole', async () => {
  const seen: Progress[] = []
  const result = await assay.runExperiment({
    name: name(),
    data: numbers(5),
    task: () => 1,
    progress: (p) => seen.push(p),
  })
  expect(seen[0]).toEqual({ done: 0, failed: 0, total: 5, runUrl: result.runUrl })
  expect(seen.at(-1)).toMatchObject({ done: 5, total: 5 })
})

test('commit, branch and source of the caller are in the metadata of the run, unless that is turned off', async () => {
  const run = async (options: object) => {
    const { runId } = await assay.runExperiment({ name: name(), data: capitals, task: answer, ...options })
    return (await assay.runs.get(runId as string)).metadata
  }
  expect(await run({ metadata: { mine: 1 } })).toMatchObject({
    mine: 1,
    source: expect.stringMatching(/^(CI|LOCAL)$/),
    git: { commit: expect.stringMatching(/^[0-9a-f]{40}$/) },
  })
  expect(await run({ metadata: { mine: 1 }, environment: false })).toEqual({ mine: 1 })
})
