/** Scorers and models of other libraries, as their users have them. */

import { randomUUID } from 'node:crypto'
import { generateText, Output } from 'ai'
import { MockLanguageModelV4 } from 'ai/test'
import { ExactMatch, Levenshtein, NumericDiff } from 'autoevals'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { Assay } from '../../src/client/index.ts'
import { createEvaluator } from '../../src/engine/evaluators.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'

let t: TestServer
let assay: Assay
beforeAll(async () => {
  t = await startTestServer()
  assay = new Assay({ url: t.url })
})
afterAll(() => t[Symbol.asyncDispose]())

const name = () => `experiment ${randomUUID()}`

/** A model that answers with the text of its prompt in capitals, and counts 7 and 3 tokens. */
const model = new MockLanguageModelV4({
  doGenerate: async ({ prompt }) => {
    const { content } = prompt.at(-1) as { content: { text: string }[] }
    return {
      content: [{ type: 'text', text: content.map(({ text }) => text.toUpperCase()).join('') }],
      finishReason: { unified: 'stop', raw: 'stop' },
      usage: {
        inputTokens: { total: 7, noCache: 7, cacheRead: undefined, cacheWrite: undefined },
        outputTokens: { total: 3, text: 3, reasoning: undefined },
      },
      warnings: [],
    }
  },
})

test('autoevals scorers can be used as evaluators as they are (expected ← expectedOutput)', async () => {
  const result = await assay.runExperiment({
    name: name(),
    data: [
      { input: 'a', expectedOutput: 'kitten' },
      { input: 'b', expectedOutput: 'sitting' },
    ],
    task: () => 'kitten',
    evaluators: [Levenshtein, ExactMatch],
  })
  const scores = result.itemResults.map(({ evaluations }) => evaluations.map(({ name, value }) => [name, value]))
  expect(scores).toEqual([
    [
      ['Levenshtein', 1],
      ['ExactMatch', 1],
    ],
    [
      ['Levenshtein', expect.closeTo(0.571, 3)],
      ['ExactMatch', 0],
    ],
  ])
  const run = await assay.runs.get(result.runId as string)
  expect(run.stats.scores).toMatchObject([
    { name: 'ExactMatch', mean: 0.5 },
    { name: 'Levenshtein', count: 2 },
  ])
})

test('a null score of autoevals stays null, and a scorer that fails is a failure', async () => {
  const skipped = async () => ({ name: 'Skipped', score: null, metadata: { reason: 'no context' } })
  const result = await assay.runExperiment({
    name: name(),
    data: [{ input: 1 }],
    task: () => 2,
    evaluators: [skipped, NumericDiff as never],
  })
  expect(result.itemResults[0]?.evaluations).toEqual([
    { name: 'Skipped', value: null, metadata: { reason: 'no context' } },
  ])
  expect(result.itemResults[0]?.evaluatorErrors).toMatchObject([{ name: 'NumericDiff' }])
  expect(result.format()).toContain('Skipped: – (n = 0, 1 missing)')
})

test('a task may return what generateText of the AI SDK returns: its text, and its tokens', async () => {
  const result = await assay.runExperiment({
    name: name(),
    data: [{ input: 'hello', expectedOutput: 'HELLO' }],
    task: ({ input }) => generateText({ model, prompt: input }),
    evaluators: [({ output, expectedOutput }) => ({ name: 'same', value: output === expectedOutput })],
  })
  expect(result.itemResults).toMatchObject([{ output: 'HELLO', evaluations: [{ name: 'same', value: true }] }])
  const run = await assay.runs.get(result.runId as string)
  expect(run.stats).toMatchObject({ inputTokens: 7, outputTokens: 3 })
})

test('the structured output of the AI SDK is the output', async () => {
  const result = await assay.runExperiment({
    name: name(),
    data: [{ input: '{"CITY":"PARIS"}' }],
    task: ({ input }) =>
      generateText({ model, prompt: input, output: Output.object({ schema: z.object({ CITY: z.string() }) }) }),
  })
  expect(result.itemResults[0]?.output).toEqual({ CITY: 'PARIS' })
})

test('evaluators of the server score what a program records, and their scores are in its results', async () => {
  const evaluator = `same ${randomUUID()}`
  await createEvaluator(t.services, t.scope, {
    name: evaluator,
    definition: { kind: 'builtin', type: 'exactMatch' },
    active: false,
  })
  const worker = await t.startWorker()
  const result = await assay.runExperiment({
    name: name(),
    data: ['x', 'y', 'z'].map((input) => ({ input, expectedOutput: 'x' })),
    task: ({ input }) => input,
    evaluators: [({ output }) => ({ name: 'length', value: output.length })],
    serverEvaluators: [evaluator],
  })
  await worker.stop()
  expect(result.status).toBe('COMPLETED')
  expect(result.itemResults.map(({ evaluations }) => evaluations.map(({ name, value }) => [name, value]))).toEqual(
    [true, false, false].map((same) => [
      ['length', 1],
      [evaluator, same],
    ]),
  )
  await expect(
    assay.runExperiment({ name: name(), data: [{ input: 1 }], task: () => 1, serverEvaluators: ['nobody'] }),
  ).rejects.toThrow('serverEvaluators: expected evaluators of the server, got "nobody".')
})

test('an evaluator that has the name of one of the server in the run is refused before anything is executed', async () => {
  await createEvaluator(t.services, t.scope, {
    name: 'sameness',
    definition: { kind: 'builtin', type: 'exactMatch' },
    active: false,
  })
  let executed = 0
  const sameness = () => 1
  const task = () => {
    executed += 1
    return 'x'
  }
  const options = { name: name(), data: [{ input: 'x' }], task, evaluators: [sameness], serverEvaluators: ['sameness'] }
  await expect(assay.runExperiment(options)).rejects.toThrow(
    'The server scores this run with an evaluator "sameness" too.',
  )
  expect(executed).toBe(0)
  for await (const run of assay.runs.list()) {
    if (run.experiment.name === options.name) expect(run.status).toBe('CANCELLED')
  }
})
