/** Items, concurrency and the summary, as users of experiment runners know them, each against a real server. */
import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { answer, capitals, exact, Lab, name, numbers } from './lab.ts'

const lab = new Lab()

test('failed task: error status and message kept on the item with its trace, and in every count', async () => {
  const result = await lab.assay.runExperiment({
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
  const run = await lab.assay.runs.get(result.runId as string)
  expect(run.progress).toMatchObject({ total: 4, succeeded: 2, failed: 2 })
  const failed = (await run.items()).find(({ input }) => input === 1)
  expect(failed).toMatchObject({
    status: 'FAILED',
    error: { message: 'cannot do 1' },
    traceId: result.itemResults[1]?.traceId,
  })
})

test('all tasks fail: no throw', async () => {
  const task = () => Promise.reject(new Error('down'))
  const result = await lab.assay.runExperiment({ name: name(), data: capitals, task, evaluators: [exact] })
  expect(result.itemResults.map(({ status }) => status)).toEqual(['FAILED', 'FAILED', 'FAILED'])
  expect(result.format({ includeItemResults: true })).toContain('TASK_FAILED: down')
  expect(result.format()).toContain('3 items, 3 failed')
})

test('empty data: run evaluators still execute, format says there is nothing to show', async () => {
  const runEvaluators = [({ itemResults }: { itemResults: unknown[] }) => ({ name: 'n', value: itemResults.length })]
  const empty = await lab.assay.runExperiment({ name: name(), data: [], task: answer, runEvaluators })
  expect(empty.runEvaluations).toMatchObject([{ name: 'n', value: 0 }])
  expect(empty.runId).toBeUndefined()
  expect(empty.format()).toContain('No results to display.')
  const data = await lab.assay.datasets.create({ name: name() })
  const hosted = await data.runExperiment({ name: name(), task: () => 1 })
  expect([hosted.datasetRunId, hosted.format()]).toEqual([undefined, 'No results to display.'])
})

test('missing expectedOutput is fine; `null` and `""` are inputs', async () => {
  const data = [{ input: null }, { input: '' }, { input: 0 }]
  const result = await lab.assay.runExperiment({
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

test('the task gets items as they were passed, and as the dataset has them', async () => {
  const when = new Date('2026-01-01T00:00:00Z')
  const seen: unknown[] = []
  const data = [{ input: { when }, metadata: { of: when }, key: 'k', tags: ['a'] }]
  await lab.assay.runExperiment({
    name: name(),
    data,
    task: (item) => {
      seen.push(item)
      return item.input.when.getFullYear()
    },
  })
  expect(seen).toEqual([{ ...data[0], id: expect.any(String), datasetId: expect.any(String) }])
})

test('items are executed as often as repetitions say', async () => {
  const seen: number[] = []
  const result = await lab.assay.runExperiment({
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

test('attempts are limited in time, and repeated for errors that another attempt can help', async () => {
  const slow = await lab.assay.runExperiment({
    name: name(),
    data: numbers(1),
    timeoutMs: 20,
    maxAttempts: 1,
    task: (_, { signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  })
  expect(slow.itemResults[0]?.error).toEqual({ code: 'TIMEOUT', message: 'No result within 20 ms.' })

  let calls = 0
  const flaky = await lab.assay.runExperiment({
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

test('20 items at concurrency 5 all return, never more than 5 active', async () => {
  for (const record of [true, false]) {
    let active = 0
    let most = 0
    const result = await lab.assay.runExperiment({
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

test('at concurrency 2 a slot refills before the slow item finishes, never more than 2 active', async () => {
  for (const record of [true, false]) {
    let [finished, active, most] = [0, 0, 0]
    let release = () => {}
    const slow = new Promise<void>((resolve) => {
      release = resolve
    })
    let isFirst = true
    const result = await lab.assay.runExperiment({
      name: name(),
      data: numbers(6),
      maxConcurrency: 2,
      record,
      task: async ({ input }) => {
        active += 1
        most = Math.max(most, active)
        if (isFirst) {
          isFirst = false
          await slow
        } else {
          await new Promise((resolve) => setImmediate(resolve))
          if (++finished === 5) release()
        }
        active -= 1
        return input
      },
    })
    expect(result.itemResults).toHaveLength(6)
    expect(most).toBe(2)
  }
})

test('options that cannot be are refused before anything runs', async () => {
  const run = (options: object) => lab.assay.runExperiment({ name: name(), data: capitals, task: answer, ...options })
  await expect(run({ maxConcurrency: 0 })).rejects.toThrow(
    'maxConcurrency: expected a whole number from 1 to 1000, got 0.',
  )
  await expect(run({ task: 'x' })).rejects.toThrow('task: expected a function, got "x".')
  await expect(run({ name: '' })).rejects.toThrow('name: expected a text of 1 to 200 characters, got "".')
  await expect(run({ data: 5 })).rejects.toThrow('data: expected a list of items, or a dataset, got 5.')
  await expect(run({ data: [{ input: 1n }] })).rejects.toThrow('data[0]: expected JSON, but input is a bigint')
})

test('`format()` is compact by default: a summary with item count, evaluation names, average scores to 3 decimals, run evaluations, URL', async () => {
  const result = await lab.assay.runExperiment({
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

test('`format()` is full with items: input, expected, actual, scores with comments, trace link', async () => {
  const commented = (args: Parameters<typeof exact>[0]) => ({ ...exact(args), comment: 'letter by letter' })
  const result = await lab.assay.runExperiment({ name: name(), data: capitals, task: answer, evaluators: [commented] })
  expect(result.format({ includeItemResults: true })).toContain(
    [
      '2. SUCCEEDED',
      '   Input: Germany',
      '   Expected: Berlin',
      '   Actual: Bonn',
      '   Scores:',
      '     • exact: 0.000 (letter by letter)',
      `   Trace: ${result.itemResults[1]?.traceId}`,
    ].join('\n'),
  )
})
