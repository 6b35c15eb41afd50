/** Runs of local data and of datasets, as users of experiment runners know them, each against a real server. */
import { expect, test } from 'vitest'
import { Assay, type Progress } from '../../src/client/index.ts'
import { answer, answers, capitals, exact, Lab, name, numbers } from './lab.ts'

const lab = new Lab()

test(`local run: n results in input order; generated run name \${name} - \${ISO time}; no dataset run id`, async () => {
  const experiment = name()
  const result = await lab.assay.runExperiment({ name: experiment, data: capitals, task: answer, evaluators: [exact] })
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

test('dataset run: id and URL set; fetchable by name with name, description, dataset', async () => {
  const data = await lab.dataset(capitals)
  const options = { name: name(), runName: `first try ${data.id}`, description: 'with the small model' }
  const result = await data.runExperiment({
    ...options,
    task: ({ input }) => answers[input] ?? '',
    evaluators: [exact],
  })
  expect(result.datasetRunId).toBe(result.runId)
  expect(result.datasetRunUrl).toContain(result.runId)
  const run = await lab.assay.runs.find(options.runName)
  expect(run).toMatchObject({
    id: result.datasetRunId,
    name: options.runName,
    description: 'with the small model',
    dataset: { id: data.id, version: 1 },
  })
  const missing = lab.assay.runs.find('first try', { datasetId: data.id })
  await expect(missing).rejects.toThrow('There is no run named "first try" in this project.')
  const listed = []
  for await (const one of lab.assay.runs.list({ datasetId: data.id })) listed.push(one.name)
  expect(listed).toEqual([options.runName])
  expect(result.itemResults.map(({ input }) => input)).toEqual(['France', 'Germany', 'Japan'])
  expect(result.itemResults[0]?.item).toMatchObject({ datasetId: data.id, id: expect.any(String) })
})

test('a given runName is used verbatim; run metadata and description survive', async () => {
  const runName = `A name – with  Überraschung/№ 1, 100 % ${name()}`
  const about = { runName, description: 'why\nand how', metadata: { model: 'small', nested: { temperature: 0 } } }
  const result = await lab.assay.runExperiment({ name: name(), data: capitals, task: answer, ...about })
  expect(result.runName).toBe(runName)
  const run = await lab.assay.runs.get(result.runId as string)
  expect([run.name, run.description]).toEqual([runName, about.description])
  expect(run.metadata).toMatchObject(about.metadata)
})

test("dataset run: each item's 32-hex trace id linked, and a local run is as real, with outputs, scores and latency", async () => {
  const result = await lab.assay.runExperiment({ name: name(), data: capitals, task: answer, evaluators: [exact] })
  const run = await lab.assay.runs.get(result.runId as string)
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

test('two runs on one dataset get distinct ids', async () => {
  const data = await lab.dataset(capitals)
  const options = { name: name(), task: () => 'x' }
  const [one, two] = [await data.runExperiment(options), await data.runExperiment(options)]
  expect(one.datasetRunId).not.toBe(two.datasetRunId)
  expect(one.experimentId).toBe(two.experimentId)
})

test('a dataset version can be fetched and run as of a moment', async () => {
  const old = await lab.dataset(capitals.slice(0, 1))
  const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000)
  await lab.server.db.prisma.datasetVersion.updateMany({
    where: { dataset: { name: old.name } },
    data: { createdAt: ago(2) },
  })
  const changed = await old.upsert(capitals.slice(1))
  expect(changed.version).toBe(2)
  const inputs = async (at: object) => {
    const data = await lab.assay.getDataset(old.name, at)
    const { itemResults } = await data.runExperiment({ name: name(), task: () => 1 })
    return itemResults.map(({ input }) => input)
  }
  expect(await inputs({ version: 1 })).toEqual(['France'])
  expect(await inputs({ asOf: ago(1) })).toEqual(['France'])
  expect(await inputs({})).toEqual(['France', 'Germany', 'Japan'])
  await expect(lab.assay.getDataset(old.name, { version: 9 })).rejects.toThrow('There is no version 9')
})

test('a run of `record: false` sends nothing', async () => {
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

test('equal local data make no new version of their dataset, and changed data one without what is gone', async () => {
  const experiment = name()
  const run = async (data: { input: unknown; expectedOutput?: unknown }[]) => {
    const result = await lab.assay.runExperiment({ name: experiment, data, task: () => 1 })
    const { dataset } = await lab.assay.runs.get(result.runId as string)
    return dataset
  }
  const first = await run(capitals)
  expect(await run([...capitals].reverse())).toEqual(first)
  expect(await run(capitals.slice(1))).toEqual({ ...first, version: first.version + 1 })
  const twice = [{ input: 'same' }, { input: 'same' }, { input: null }]
  const changed = await run(twice)
  expect((await lab.assay.datasets.get(changed.name)).itemCount).toBe(3)
})

test('the name of an unfinished run continues it with equal data, whatever the data were meanwhile, and refuses other data', async () => {
  const options = { name: name(), runName: 'one', version: '1', maxConcurrency: 1 }
  const controller = new AbortController()
  const interrupted = lab.assay.runExperiment({
    ...options,
    data: numbers(4),
    signal: controller.signal,
    task: ({ input }) => {
      if (input === 2) controller.abort(new Error('enough'))
      return input
    },
  })
  await expect(interrupted).rejects.toThrow('enough')
  const go = (count: number, runName = 'one') =>
    lab.assay.runExperiment({ ...options, runName, data: numbers(count), task: ({ input }) => input })
  await expect(go(5)).rejects.toThrow(
    'unfinished and executes something else: the version of the dataset was 1 and is 2',
  )
  await expect(go(3)).rejects.toThrow('the version of the dataset was 1 and is 3')
  const other = await go(3, 'another')
  const { runId, itemResults } = await go(4)
  expect(itemResults.map(({ output }) => output)).toEqual([0, 1, 2, 3])
  const run = await lab.assay.runs.get(runId as string)
  expect([run.dataset.version, run.progress.succeeded, other.itemResults.length]).toEqual([1, 4, 3])
})

test('experiments are unique by dataset and name', async () => {
  const [one, two] = [await lab.dataset(capitals), await lab.dataset(capitals)]
  const experiment = name()
  const ids = [one, two].map(
    async (data) => (await data.runExperiment({ name: experiment, task: () => 1 })).experimentId,
  )
  const [first, second] = await Promise.all(ids)
  expect(first).not.toBe(second)
})

test('concurrent experiments in one process do not mix anything up', async () => {
  const experiment = name()
  const runs = await Promise.all(
    [1, 2, 3, 4].map((factor) =>
      lab.assay.runExperiment({
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

test('the shape of Langfuse runs unchanged', async () => {
  const { experiment } = lab.assay
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
  const result = await lab.assay.runExperiment({
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
    const { runId } = await lab.assay.runExperiment({ name: name(), data: capitals, task: answer, ...options })
    return (await lab.assay.runs.get(runId as string)).metadata
  }
  expect(await run({ metadata: { mine: 1 } })).toMatchObject({
    mine: 1,
    source: expect.stringMatching(/^(CI|LOCAL)$/),
    git: { commit: expect.stringMatching(/^[0-9a-f]{40}$/) },
  })
  expect(await run({ metadata: { mine: 1 }, environment: false })).toEqual({ mine: 1 })
})
