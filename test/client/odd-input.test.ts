/** Tasks, evaluators, options and servers as nobody meant them: an experiment says what is wrong, and loses nothing. */
import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { openProgress } from '../../src/client/experiment/progress.ts'
import { Assay, result } from '../../src/client/index.ts'
import { setScoreConfig } from '../../src/engine/score-configs.ts'
import { answer, capitals, Lab, name, numbers } from './lab.ts'

const lab = new Lab()

test.each([
  ['null', null, 'null'],
  ['an object', { status: 'broken' }, '{"status":"broken"}'],
  ['an object with a message', { message: 'no model' }, 'no model'],
  ['an object without a prototype', Object.create(null), '{}'],
  ['an object that cannot be shown', { toJSON: () => 1n }, 'an object that cannot be shown'],
  ['an error whose message is no text', Object.assign(new Error(), { message: { of: 1 } }), 'Error'],
  [
    'a message that is cut inside of a character',
    new Error(`a${'😀'.repeat(1_500)}`),
    expect.stringMatching(/^a😀+�?$/u),
  ],
  ['a code that is cut inside of a character', Object.assign(new Error('x'), { code: `a${'😀'.repeat(80)}` }), 'x'],
])('a task or an evaluator that throws %s fails alone', async (_, thrown, message) => {
  const fail = () => {
    throw thrown
  }
  const failed = await lab.assay.runExperiment({ name: name(), data: numbers(1), task: fail })
  expect(failed.itemResults[0]?.error?.message).toEqual(message)
  const run = await lab.assay.runs.get(failed.runId as string)
  expect(run.progress).toMatchObject({ total: 1, failed: 1 })
  const scored = await lab.assay.runExperiment({
    name: name(),
    data: numbers(1),
    task: answer as never,
    evaluators: [fail, () => ({ name: 'fine', value: 1 })],
  })
  expect(scored.itemResults[0]?.evaluatorErrors).toMatchObject([{ name: 'fail' }])
  expect(scored.itemResults[0]?.evaluations).toMatchObject([{ name: 'fine', value: 1 }])
})

test.each([
  ['too long a name', { name: 'n'.repeat(201), value: 1 }],
  ['too long a label', { name: 'odd', value: 'x'.repeat(401) }],
  ['too large a number', { name: 'odd', value: 1e101 }],
])('an evaluator whose score has %s fails alone, for items and for the run', async (_, score) => {
  const odd = () => score
  const fine = () => ({ name: 'fine', value: 1 })
  const scored = await lab.assay.runExperiment({
    name: name(),
    data: numbers(2),
    task: ({ input }) => input,
    evaluators: [odd, fine],
    runEvaluators: [odd, fine],
  })
  for (const { status, evaluations, evaluatorErrors } of scored.itemResults) {
    expect([status, evaluations.length, evaluatorErrors.length]).toEqual(['SUCCEEDED', 1, 1])
  }
  expect(scored.runEvaluations).toMatchObject([{ name: 'fine' }])
  expect(scored.runEvaluatorErrors).toMatchObject([{ name: 'odd', message: expect.stringMatching(/^Expected a/) }])
})

test('two scores of one name from one evaluator are one, and a failure that is told', async () => {
  const twice = () => [1, 2]
  const padded = () => [
    { name: 'a', value: 1 },
    { name: ' a ', value: 0 },
  ]
  const scored = await lab.assay.runExperiment({
    name: name(),
    data: numbers(2),
    task: ({ input }) => input,
    evaluators: [twice, padded],
  })
  expect(scored.itemResults[0]?.evaluations).toMatchObject([
    { name: 'twice', value: 1 },
    { name: 'a', value: 1 },
  ])
  expect(scored.itemResults[0]?.evaluatorErrors.map(({ name }) => name)).toEqual(['twice', 'a'])
  const run = await lab.assay.runs.get(scored.runId as string)
  expect(run.stats.scores).toMatchObject([
    { name: 'a', count: 2 },
    { name: 'twice', count: 2 },
  ])
})

test('a score of the run that the server refuses is a failure of its evaluator, and the others are stored', async () => {
  const score = `rated ${randomUUID()}`
  const { services, scope } = lab.server
  const range = { min: 0, max: 1 }
  await setScoreConfig(services, scope, { name: score, dataType: 'NUMERIC', direction: 'HIGHER_IS_BETTER', ...range })
  const scored = await lab.assay.runExperiment({
    name: name(),
    data: numbers(1),
    task: ({ input }) => input,
    runEvaluators: [() => ({ name: score, value: 5 }), () => ({ name: 'fine', value: 1 })],
  })
  expect(scored.runEvaluatorErrors).toMatchObject([{ name: score, message: expect.stringContaining('got 5') }])
  expect(scored.runEvaluations).toMatchObject([{ name: 'fine' }])
})

test.each<[string, () => unknown, string]>([
  ['an output that is too large', () => 'x'.repeat(3_600_000), 'RESPONSE_TOO_LARGE'],
  ['a cost below zero', () => result({ output: 1, costUsd: -1 }), 'UNSTORABLE_RESULT'],
  ['an error', () => new Error('not thrown'), 'INVALID_OUTPUT'],
])('%s fails the item, here as at the server', async (_, task, code) => {
  const { itemResults, runId } = await lab.assay.runExperiment({ name: name(), data: numbers(2), task })
  expect(itemResults.map(({ status, error, output }) => [status, error?.code, output])).toEqual([
    ['FAILED', code, undefined],
    ['FAILED', code, undefined],
  ])
  expect((await lab.assay.runs.get(runId as string)).progress).toMatchObject({ succeeded: 0, failed: 2 })
})

test('options and items that cannot be are refused by their names', async () => {
  const cyclic: { self?: object } = {}
  cyclic.self = cyclic
  const refusals: [object, string][] = [
    [{ name: ' padded' }, 'name: expected a text on one line, without surrounding space, got " padded".'],
    [{ evaluators: answer }, 'evaluators: expected a list, got '],
    [{ serverEvaluators: 'all' }, 'serverEvaluators: expected a list, got "all".'],
    [{ metadata: 'abc' }, 'metadata: expected an object, got "abc".'],
    [{ metadata: { n: 1n } }, 'metadata: expected JSON, but n is a bigint, which JSON cannot hold.'],
    [{ budgetUsd: Number.NaN }, 'budgetUsd: expected a number, got NaN.'],
    [{ maxFailureRate: '5%' }, 'maxFailureRate: expected a number, got "5%".'],
    [{ signal: new AbortController() }, 'signal: expected an AbortSignal, got '],
    [{ data: cyclic }, 'data: expected a list of items, or a dataset, got '],
    [{ data: [['France', 'Paris']] }, 'data[0]: expected an object with an input, got '],
    [{ data: [{ question: 'why?' }] }, 'data[0]: expected an object with an input, got '],
  ]
  for (const [options, message] of refusals) {
    const run = lab.assay.runExperiment({ name: name(), data: capitals, task: answer, ...options })
    await expect(run).rejects.toThrow(message)
  }
})

test('data with tags that repeat, and names as long as they may be, are recorded', async () => {
  const tagged = await lab.assay.runExperiment({
    name: 'n'.repeat(200),
    data: [{ input: 1, tags: ['b', 'a', 'b'] }],
    task: () => 1,
  })
  expect(tagged.status).toBe('COMPLETED')
  expect(tagged.itemResults[0]?.item.tags).toEqual(['b', 'a', 'b'])
})

/** A clock on which waiting takes no time. */
function quickClock() {
  let now = 0
  const sleep = async (ms: number) => {
    now += ms
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { now: () => now, sleep }
}

test('a server that never answered is given up after some seconds, and what is none is named', async () => {
  const clock = quickClock()
  const run = (options: object) =>
    new Assay({ url: 'http://127.0.0.1:9', clock, ...options }).runExperiment({
      name: name(),
      data: capitals,
      task: answer,
    })
  await expect(run({})).rejects.toThrow('There is no Assay server at http://127.0.0.1:9: ')
  expect(clock.now()).toBeLessThan(20_000)
  const html = (status: number) => async () => new Response('<html>', { status })
  for (const status of [200, 404]) {
    await expect(run({ fetch: html(status) })).rejects.toThrow(
      `Expected an Assay server at http://127.0.0.1:9, got an answer with status ${status}.`,
    )
  }
})

test.each(['import/', 'startRun(', 'claimRunItems(', 'recordRunItems(', 'export/'])(
  'an abort ends an experiment that cannot reach the server for %s',
  async (part) => {
    const controller = new AbortController()
    let failures = 0
    let isCut = false
    const { sleep } = quickClock()
    const assay = new Assay({
      url: lab.server.url,
      clock: { now: () => performance.now(), sleep },
      fetch: async (url, init) => {
        isCut ||= `${url} ${init?.body}`.includes(part)
        if (!isCut) return fetch(url, init)
        if (++failures === 3) controller.abort(new Error('enough'))
        throw new TypeError('cut')
      },
    })
    const data = await lab.dataset(numbers(3))
    const items: Iterable<{ input: unknown }> | typeof data =
      part === 'import/' ? numbers(3) : await assay.getDataset(data.name)
    const run = assay.runExperiment({ name: name(), data: items, task: () => 1, signal: controller.signal })
    await expect(run).rejects.toThrow('enough')
  },
)

test('the progress bar keeps to one line, however narrow the terminal is', () => {
  for (const columns of [8, 20, 40, 80]) {
    let written = ''
    const terminal = { isTTY: true, columns, write: (text: string) => (written += text) }
    const bar = openProgress({ name: 'an experiment with a rather long name' }, terminal)
    bar.show({ done: 1, failed: 1, total: 3, runUrl: null })
    bar.end()
    const lines = written
      .trim()
      .split('\r')
      .map((line) => line.replace('\u001b[2K', ''))
    expect(lines).toHaveLength(2)
    for (const line of lines) expect(line.length).toBeLessThan(Math.max(columns, 14))
    expect(lines[0]).toContain('1/3, 1 failed')
  }
})
