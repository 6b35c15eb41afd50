/** Result files of other tools become datasets, finished runs and scores, against a real server. */
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zstdCompressSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Assay, type Run } from '../../src/client/index.ts'
import { importResults, type Tool } from '../../src/importers/import-results.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'
import { root } from '../helpers/spawn-assay.ts'
import { writeZip } from './write-zip.ts'

let t: TestServer
let assay: Assay
let folder: string
beforeAll(async () => {
  t = await startTestServer()
  assay = new Assay({ url: t.url })
  folder = await mkdtemp(join(tmpdir(), 'assay-import-'))
})
afterAll(async () => {
  await rm(folder, { recursive: true })
  await t[Symbol.asyncDispose]()
})

const files = join(root, 'test/importers/files')

function load(from: Tool, file: string, dataset?: string) {
  return importResults(assay, file.startsWith('/') ? file : join(files, file), { from, ...(dataset && { dataset }) })
}

function figures({ status, progress: { total, succeeded, failed, cancelled }, stats }: Run) {
  const scores = Object.fromEntries(stats.scores.map(({ name, mean, count }) => [name, [mean, count]]))
  return { status, counts: [total, succeeded, failed, cancelled], scores }
}

describe('promptfoo', () => {
  test('version 1: a failed assertion is a score, an error is a failed item', async () => {
    const { dataset, runs, left } = await load('promptfoo', 'promptfoo-1.json')
    expect([dataset.name, dataset.added, left]).toEqual(['promptfoo/translations', 3, []])
    const [{ run } = { run: null }] = runs
    expect(figures(run as Run)).toEqual({
      status: 'COMPLETED',
      counts: [3, 2, 1, 0],
      scores: { pass: [0.5, 2], score: [0.5, 2] },
    })
    expect(run?.name).toBe('openai:gpt-3.5-turbo – Translate to French: {{word}}')
    const items = await (run as Run).items()
    const dog = items.find(({ input }) => (input as { word: string }).word === 'dog')
    expect(dog).toMatchObject({ output: 'chat', latencyMs: 190 })
    expect(dog?.scores.find(({ name }) => name === 'pass')?.comment).toBe('Expected output "chien"')
    const bird = items.find(({ input }) => (input as { word: string }).word === 'bird')
    expect(bird).toMatchObject({ status: 'FAILED', error: { message: 'API error: 503' } })
  })

  test('version 2: each provider is a run on the same items, and they can be compared', async () => {
    const { dataset, runs } = await load('promptfoo', 'promptfoo-2.json')
    expect(dataset.itemIds).toHaveLength(2)
    expect(dataset.added).toBe(0)
    expect(runs.map(({ run }) => figures(run))).toEqual([
      { status: 'COMPLETED', counts: [2, 2, 0, 0], scores: { brevity: [0.5, 2], pass: [1, 2], score: [1, 2] } },
      { status: 'COMPLETED', counts: [2, 1, 1, 0], scores: { brevity: [0.25, 1], pass: [0, 1], score: [0.5, 1] } },
    ])
    const [gpt, claude] = runs.map(({ run }) => run) as [Run, Run]
    const comparison = await assay.compare(claude, gpt)
    expect(comparison.metric('score')).toMatchObject({ pairs: 1, regressed: 1, missing: 1 })
    expect(gpt.stats.costUsd).toBeCloseTo(0.002)
  })

  test('early version 3: equal test cases are repetitions of one item', async () => {
    const { dataset, runs } = await load('promptfoo', 'promptfoo-3-early.json')
    expect(dataset.itemIds).toHaveLength(1)
    const [{ run } = { run: null }] = runs
    expect(figures(run as Run)).toMatchObject({ counts: [3, 2, 1, 0], scores: { pass: [0.5, 2] } })
    const [item] = await (await assay.getDataset(dataset.name)).items()
    expect(item).toMatchObject({ input: { word: 'cat' }, expectedOutput: 'chat', metadata: { description: 'the cat' } })
  })

  test('late version 3: the reason of a failure tells errors apart, and what does not fit is listed', async () => {
    const { runs, left } = await load('promptfoo', 'promptfoo-3-late.json')
    const [{ run } = { run: null }] = runs
    expect(figures(run as Run)).toMatchObject({ counts: [3, 2, 1, 0], scores: { pass: [0.5, 2] } })
    expect(run?.metadata).toMatchObject({
      evalId: 'eval-abc-2025',
      promptfooVersion: '0.118.0',
      provider: 'ollama:llama3',
    })
    expect(left).toEqual([['`traces` of the file', 1]])
  })

  test('JSON Lines, as results and as rows of the database of an early version 3', async () => {
    const { runs } = await load('promptfoo', 'promptfoo.jsonl')
    expect(runs.map(({ run }) => figures(run).counts)).toEqual([[3, 3, 0, 0]])
    const items = (await runs[0]?.run.items()) ?? []
    expect(new Set(items.map(({ output }) => output))).toEqual(new Set(['chat', 'oiseau']))
  })
})

describe('Inspect', () => {
  test('a log with epochs: samples are items, epochs repetitions', async () => {
    const { dataset, runs, left } = await load('inspect', 'inspect-2.json')
    expect(dataset.itemIds).toHaveLength(3)
    const [{ run } = { run: null }] = runs
    expect(figures(run as Run)).toEqual({ status: 'COMPLETED', counts: [6, 6, 0, 0], scores: { match: [0.5, 6] } })
    expect(run?.stats).toMatchObject({ inputTokens: 72, outputTokens: 30 })
    expect(run?.metadata).toMatchObject({ importedFrom: 'inspect', model: 'openai/gpt-4o', status: 'success' })
    const [item] = await (run as Run).items()
    expect(item).toMatchObject({ latencyMs: 1_500, scores: [{ name: 'match', dataType: 'BOOLEAN', comment: 'seen' }] })
    expect(left).toEqual([['the events of a sample', 6]])
  })

  test('a cancelled log: errors, scores of several values, samples without a score, attachments, what is missing', async () => {
    const { runs, left } = await load('inspect', 'inspect-2-cancelled.json')
    const [{ run } = { run: null }] = runs
    expect(figures(run as Run)).toEqual({
      status: 'COMPLETED',
      counts: [3, 2, 1, 0],
      scores: { 'match.grade': [0.5, 1], 'match.quality': [0.25, 1] },
    })
    const items = await (run as Run).items()
    const third = items.find(({ datasetItem }) => datasetItem.key === '3')
    expect(third?.input).toEqual({ input: [{ role: 'user', content: 'a long text' }], choices: ['a', 'b'] })
    expect(third?.expectedOutput).toEqual(['a', 'b'])
    expect(new Map(left)).toEqual(
      new Map([
        ['the events of a sample', 3],
        ['a number that is NaN or infinite', 1],
        ['the limit (token) that ended a sample', 1],
        ['a sample that the log has no record of', 2],
      ]),
    )
  })

  const spec = { task: 'zipped', model: 'm', created: '2025-03-01', config: { epochs: 2 }, dataset: { samples: 2 } }
  const sample = (id: number, epoch: number, value: unknown) => ({
    ...{ id, epoch, input: `question ${id}`, target: 'x', metadata: {}, total_time: 1 },
    output: { choices: [{ message: { role: 'assistant', content: [{ type: 'text', text: 'answer' }] } }] },
    scores: { accuracy: { value } },
  })
  const json = (value: unknown) => Buffer.from(JSON.stringify(value))

  test('a .eval file with deflated entries, that was cancelled before an epoch of a sample', async () => {
    const file = join(folder, 'deflated.eval')
    const samples = [sample(1, 1, 0.25), sample(1, 2, 0.75), sample(2, 1, 1)]
    await writeFile(
      file,
      writeZip([
        { name: '_journal/start.json', content: json({ version: 2, eval: spec, plan: {} }) },
        ...samples.map((one) => ({ name: `samples/${one.id}_epoch_${one.epoch}.json`, content: json(one) })),
        { name: 'header.json', content: json({ version: 2, status: 'cancelled', eval: spec, plan: {} }) },
      ]),
    )
    const { runs, left } = await load('inspect', file)
    const [{ run } = { run: null }] = runs
    // The mean over items of their repetitions.
    expect(figures(run as Run)).toEqual({
      status: 'CANCELLED',
      counts: [4, 3, 0, 1],
      scores: { accuracy: [0.75, 3] },
    })
    expect(left).toEqual([])
  })

  test('a .eval file of version 3 with entries in zstd, and samples divided into several', async () => {
    const file = join(folder, 'zstd.eval')
    const zstd = (name: string, value: unknown) => ({ name, content: zstdCompressSync(json(value)), method: 93 })
    const whole = sample(1, 1, 'C')
    const shell = { ...sample(2, 1, 'I'), input: 'attachment://1', metadata: undefined }
    await writeFile(
      file,
      writeZip([
        zstd('header.json', {
          version: 3,
          status: 'success',
          eval: { ...spec, task: 'divided', config: { epochs: 1 } },
        }),
        zstd('samples/1_epoch_1.json', whole),
        zstd('samples/2_epoch_1/sample.json', shell),
        zstd('samples/2_epoch_1/metadata.json', { level: 'hard' }),
        zstd('samples/2_epoch_1/attachments/0.json', ['zero']),
        zstd('samples/2_epoch_1/attachments/1.json', ['the question']),
      ]),
    )
    const { dataset, runs } = await load('inspect', file)
    const [{ run } = { run: null }] = runs
    expect(figures(run as Run)).toEqual({ status: 'COMPLETED', counts: [2, 2, 0, 0], scores: { accuracy: [0.5, 2] } })
    const items = await (await assay.getDataset(dataset.name)).items()
    expect(items[1]).toMatchObject({ key: '2', input: 'the question', metadata: { level: 'hard' } })
  })
})

describe('scores of one name', () => {
  const log = async (task: string, values: unknown[]) => {
    const file = join(folder, `${task}.json`)
    const samples = values.map((value, index) => ({ id: index, epoch: 1, input: 'x', scores: { grade: { value } } }))
    await writeFile(file, JSON.stringify({ version: 2, status: 'success', eval: { task }, samples }))
    const { runs, left } = await load('inspect', file)
    return { scores: runs[0]?.run.stats.scores ?? [], left }
  }

  test('may have another type in each file', async () => {
    expect((await log('letters', ['C', 'I'])).scores).toMatchObject([{ mean: 0.5, count: 2 }])
    expect((await log('numbers', [3, 4])).scores).toMatchObject([{ mean: 3.5, count: 2 }])
    expect((await log('labels', ['A', 'B', 'A'])).scores).toMatchObject([{ mean: null, count: 3, errorCount: 0 }])
    const long = 'why '.repeat(200)
    expect((await log('texts', ['short', long])).scores).toMatchObject([{ mean: null, count: 2, errorCount: 0 }])
    expect((await log('more letters', ['C', 'C'])).scores).toMatchObject([{ mean: 1, count: 2 }])
  })

  test('have one type in a file: texts beside numbers are errors, and listed', async () => {
    const file = join(folder, 'mixed.jsonl')
    const metrics = [0.5, 1, 'refused'].map((score, index) => ({
      sample_id: `s${index}`,
      type: 'metrics',
      data: { score },
    }))
    await writeFile(file, [{ spec: { eval_name: 'mixed' } }, ...metrics].map((line) => JSON.stringify(line)).join('\n'))
    const { runs, left } = await load('openai-evals', file)
    expect(runs[0]?.run.stats.scores).toMatchObject([{ name: 'score', mean: 0.75, count: 2, errorCount: 1 }])
    expect(left).toEqual([['a text as a value of "score", which has numbers; it is an error of the score', 1]])
  })
})

describe('OpenAI Evals', () => {
  test('an event log', async () => {
    const { dataset, runs, left } = await load('openai-evals', 'openai-event-log.jsonl')
    expect(dataset.name).toBe('openai-evals/capitals')
    const [{ run } = { run: null }] = runs
    expect(run?.name).toBe('capitals.dev.v0 – gpt-3.5-turbo – 2303201455ABCDEF')
    expect(figures(run as Run)).toEqual({
      status: 'COMPLETED',
      counts: [4, 3, 1, 0],
      scores: { choice: [null, 1], invalid: [0, 1], match: [0.5, 2], score: [0.75, 1] },
    })
    expect(run?.metadata).toMatchObject({ finalReport: { accuracy: 0.5 }, split: 'dev' })
    // The log has none, which is not 0.
    expect(run?.stats.latencyMs).toBeNull()
    const items = await (run as Run).items()
    expect(items.find(({ datasetItem }) => datasetItem.key === 'capitals.dev.1')).toMatchObject({
      input: [{ role: 'system' }, { content: 'Germany?' }],
      expectedOutput: ['Berlin'],
      output: 'Bonn',
      latencyMs: null,
    })
    expect(new Map(left)).toEqual(
      new Map([
        ['the metric "details", which is an object', 1],
        ['an event of the type "embedding"', 1],
      ]),
    )
  })

  test('output items of the hosted API: a page with two runs, and JSON Lines', async () => {
    const { dataset, runs } = await load('openai-evals', 'openai-output-items.json')
    expect(dataset.itemIds).toHaveLength(3)
    expect(runs.map(({ run }) => figures(run))).toEqual([
      {
        status: 'COMPLETED',
        counts: [3, 2, 1, 0],
        scores: { 'exact match': [0.5, 2], 'exact match: passed': [0.5, 2] },
      },
      {
        status: 'COMPLETED',
        counts: [2, 2, 0, 0],
        scores: { 'exact match': [0.5, 2], 'exact match: passed': [0.5, 2] },
      },
    ])
    const page = JSON.parse(readFileSync(join(files, 'openai-output-items.json'), 'utf8'))
    const pages = join(folder, 'pages.jsonl')
    await writeFile(pages, `${JSON.stringify({ ...page, has_more: true })}\n${JSON.stringify({ ...page, data: [] })}\n`)
    const taken = await load('openai-evals', pages, 'pages')
    expect(taken.runs.map(({ run }) => figures(run).counts)).toEqual([
      [3, 2, 1, 0],
      [2, 2, 0, 0],
    ])
    const first = join(folder, 'first-page.json')
    await writeFile(first, JSON.stringify({ ...page, has_more: true }))
    const { left } = await load('openai-evals', first, 'first page')
    expect(left).toContainEqual(['the pages after the last one of the file', 1])
    const lines = await load('openai-evals', 'openai-output-items.jsonl')
    expect(lines.runs.map(({ run }) => figures(run).counts)).toEqual([[2, 2, 0, 0]])
  })
})

describe('an import that was interrupted', () => {
  const file = join(files, 'promptfoo-3-late.json')

  /** Its items stay claimed, because it ends before it has recorded any. */
  async function interrupt(dataset: string): Promise<void> {
    const dying = new Assay({
      url: t.url,
      fetch: (url, init) => {
        if (String(init?.body).includes('recordRunItems')) throw new Error('the power is gone')
        return fetch(url, init)
      },
      offlineMs: 0,
    })
    await expect(importResults(dying, file, { from: 'promptfoo', dataset })).rejects.toThrow()
  }

  const again = (dataset: string, sleep: (ms: number) => Promise<void>, now = () => 0) =>
    importResults(assay, file, { from: 'promptfoo', dataset, clock: { now, sleep } })

  test('is waited for until its lease ends, and continued', async () => {
    await interrupt('interrupted')
    let waits = 0
    const imported = await again('interrupted', async () => {
      waits += 1
      await t.db.pool.query("UPDATE run_lane SET expires_at = now() - interval '1 s' WHERE expires_at IS NOT NULL")
    })
    expect(waits).toBeGreaterThan(0)
    expect(imported.runs.map(({ isKnown }) => isKnown)).toEqual(imported.runs.map(() => false))
    expect(figures(imported.runs[0]?.run as Run)).toMatchObject({ status: 'COMPLETED', counts: [3, 2, 1, 0] })
  })

  test('is not waited for longer than its lease, by more than a moment', async () => {
    await interrupt('held')
    let ms = 0
    const held = again(
      'held',
      async () => {
        ms += 25_000
      },
      () => ms,
    )
    await expect(held).rejects.toThrow(
      /^Another import holds items of the run "llama – french"\. What was stored stays/,
    )
    expect(ms).toBeGreaterThan(150_000)
    expect(ms).toBeLessThan(200_000)
  })
})

test.each<[Tool, string, string]>([
  ['promptfoo', '{"results": {"version": 9, "results": []}}', 'Expected version 1, 2 or 3'],
  [
    'promptfoo',
    '{"results": {"version": 3, "results": [{"a": 1}]}}',
    'Expected a result with vars and success as number 1',
  ],
  ['promptfoo', '[', 'is not JSON'],
  ['inspect', '{"version": 7, "eval": {}}', 'Expected a log of Inspect of version 1 to 3'],
  ['inspect', 'PK', 'is not a ZIP'],
  [
    'inspect',
    '{"version": 2, "status": "cancelled", "eval": {}, "results": {"completed_samples": 3}}',
    'got none: it has the status "cancelled" and counts 3 that it does not contain.',
  ],
  ['openai-evals', '{"some": "thing"}', 'Expected an event log or output items'],
  ['openai-evals', '{"spec": {}}\n{"event', 'Line 2 of'],
])('%s: a file that is none is refused with what was expected (%#)', async (from, text, message) => {
  const file = join(folder, 'broken.json')
  await writeFile(file, text)
  await expect(load(from, file)).rejects.toThrow(message)
})
