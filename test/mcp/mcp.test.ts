/** `assay mcp`, called by the official client over standard input and output, against a real server. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { encode } from 'gpt-tokenizer/encoding/o200k_base'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Assay } from '../../src/client/index.ts'
import { type Gsm8kModel, gsm8k, readQuestions, readSolutions } from '../helpers/gsm8k.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'
import { root, spawnAssay } from '../helpers/spawn-assay.ts'

let t: TestServer
let assay: Assay
let agent: Client
beforeAll(async () => {
  t = await startTestServer({
    tasks: [{ name: 'shout', run: (input: string) => input.toUpperCase() }],
  })
  assay = new Assay({ url: t.url })
  await t.startWorker()
  agent = new Client({ name: 'test', version: '1' })
  await agent.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [`${root}/src/cli/bin.mjs`, 'mcp', '--url', t.url],
      stderr: 'inherit',
    }),
  )
})
afterAll(async () => {
  await agent.close()
  await t[Symbol.asyncDispose]()
})

async function call(name: string, input: Record<string, unknown> = {}): Promise<{ text: string; isError: boolean }> {
  const { content, isError = false } = await agent.callTool({ name, arguments: input })
  const [first] = content as { text: string }[]
  return { text: first?.text ?? '', isError: isError === true }
}

async function textOf(name: string, input: Record<string, unknown> = {}): Promise<string> {
  const { text, isError } = await call(name, input)
  expect(isError, text).toBe(false)
  return text
}

test('the tools are those of the page, with what they take', async () => {
  const { tools } = await agent.listTools()
  expect(tools.map(({ name }) => name)).toEqual(['list', 'run', 'watch', 'compare', 'item', 'gate'])
  for (const { description, inputSchema, annotations } of tools) {
    expect(description?.length).toBeGreaterThan(20)
    expect(inputSchema.type).toBe('object')
    expect(annotations?.destructiveHint).toBe(false)
  }
  expect(agent.getServerVersion()?.name).toBe('assay')
})

test('docs/mcp.md: the command, the tools and the answer are as the page shows them', async () => {
  const page = readFileSync(join(root, 'docs/mcp.md'), 'utf8')
  const block = (language: string, index = 0) =>
    [...page.matchAll(/```(\w+)\n(.*?)```/gs)].filter(([, found]) => found === language)[index]?.[2] ?? ''
  const { command, args, env } = JSON.parse(block('json')).mcpServers.assay
  expect([command, args, Object.keys(env)]).toEqual(['npx', ['assay', 'mcp'], ['ASSAY_URL']])
  const { tools } = await agent.listTools()
  expect([...page.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name)).toEqual(tools.map(({ name }) => name))

  const dataset = await assay.datasets.create<string, string>({ name: 'capitals' })
  const stored = await dataset.upsert([
    { key: 'fr', input: 'France', expectedOutput: 'Paris' },
    { key: 'de', input: 'Germany', expectedOutput: 'Berlin' },
    { key: 'jp', input: 'Japan', expectedOutput: 'Tokyo' },
  ])
  const right: Record<string, string> = { France: 'Paris', Germany: 'Berlin', Japan: 'Tokyo' }
  const wrong: Record<string, string> = { France: 'Paris', Germany: 'Bonn', Japan: 'Kyoto' }
  for (const [runName, answers] of [['by hand', right] as const, ['by rules', wrong] as const]) {
    await stored.runExperiment({
      name: 'capitals',
      runName,
      task: ({ input }) => answers[input] ?? '',
      evaluators: [
        function correct({ output, expectedOutput }) {
          return output === expectedOutput
        },
      ],
    })
  }
  const [tool = '', ...input] = block('text').trim().split(' ')
  const answer = await textOf(tool, JSON.parse(input.join(' ')))
  const shown = block('text', 1)
    .split('\n')
    .filter((line) => line.trim() !== '')
  expect(shown.length).toBeGreaterThan(7)
  for (const line of shown) {
    const pattern = line.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll('…', '.*')
    expect(answer).toMatch(new RegExp(`^${pattern}$`, 'm'))
  }
})

test('nothing but messages of the protocol is written to standard output', async () => {
  const init = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'raw', version: '1' } }
  const messages = [
    { jsonrpc: '2.0', id: 1, method: 'initialize', params: init },
    { jsonrpc: '2.0', method: 'notifications/initialized' },
    { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'list', arguments: { what: 'datasets' } } },
    { jsonrpc: '2.0', id: 3, method: 'tools/call', params: { name: 'list', arguments: { what: 'nothing' } } },
  ]
  const input = messages.map((message) => `${JSON.stringify(message)}\n`).join('')
  const spawned = spawnAssay(['mcp', '--url', t.url], { input })
  await spawned.says(/"id":3/)
  expect(await spawned.exited).toBe(0)
  const lines = spawned.stdout.trimEnd().split('\n')
  expect(lines.map((line) => JSON.parse(line).jsonrpc)).toEqual(lines.map(() => '2.0'))
  expect(lines).toHaveLength(3)
})

test('an experiment is found, run and watched to its end', async () => {
  const dataset = await assay.datasets.create({ name: 'words' })
  await dataset.upsert([
    { key: 'one', input: 'a', expectedOutput: 'A' },
    { key: 'two', input: 'b', expectedOutput: 'x' },
  ])
  const create = `mutation($input: CreateExperimentInput!) { createExperiment(input: $input) { __typename } }`
  await t.query(create, { input: { name: 'shouting', datasetId: dataset.id, task: { module: { name: 'shout' } } } })
  expect(await textOf('list', { what: 'experiments' })).toContain('experiment "shouting"')
  expect(await textOf('list', { what: 'datasets', search: 'wor' })).toContain('dataset "words"')
  expect(await textOf('list', { what: 'runs', search: 'nothing like it' })).toBe(
    'There are no runs with "nothing like it".',
  )
  expect(await textOf('run', { experiment: 'shouting', name: 'loud' })).toMatch(/^run "loud"/)
  const watched = await textOf('watch', { run: 'loud' })
  expect(watched).toContain('COMPLETED: 2 of 2 items succeeded\n')
  expect(watched).toContain('experiment "shouting" on dataset "words"')
  const item = await textOf('item', { run: 'loud', item: 'two' })
  expect(item).toContain('input: b\nexpected: x\noutput: B')
})

test('a mistake is an answer that says what to do', async () => {
  expect(await call('run', { experiment: 'no such' })).toEqual({
    isError: true,
    text: 'There is no experiment named "no such". Use list to find its full name.',
  })
  expect(await call('watch', { run: 'no such' })).toEqual({
    isError: true,
    text: 'There is no run named "no such" in this project.',
  })
  expect((await call('compare', { candidate: 'loud' })).text).toContain('name a baseline run')
  expect((await call('item', { run: 'loud', item: 'three' })).text).toContain('no item with the key "three"')
  expect((await call('gate', { run: 'loud' })).text).toContain('has no gate: pass minMeans')
  expect((await call('list', { what: 'everything' })).isError).toBe(true)
})

describe('a comparison', () => {
  const long = 'long '.repeat(400)
  // What has more tokens than words.
  const dense = `<|endoftext|>${'👍🏽'.repeat(100)}${createHash('sha512').update(long).digest('base64').repeat(4)}`
  beforeAll(async () => {
    const data = Array.from({ length: 60 }, (_, n) => ({
      key: `q${n}`,
      input: `question ${n}`,
      expectedOutput: `right ${n}`,
    }))
    const dataset = await assay.datasets.create<string, string>({ name: 'questions' })
    const stored = await dataset.upsert(data)
    const run = (runName: string, answer: (n: number) => string) =>
      stored.runExperiment({
        name: 'answers',
        runName,
        task: ({ input }) => answer(Number(input.split(' ')[1])),
        evaluators: [
          function correct({ output, expectedOutput }) {
            return output === expectedOutput
          },
        ],
      })
    await run('before', (n) => `right ${n}`)
    await run('dense', (n) => (n < 30 ? `wrong ${n} ${dense}` : `right ${n}`))
    const huge = createHash('sha512').update(long).digest('base64').repeat(100)
    await run('huge', (n) => (n === 7 ? huge : `right ${n}`))
    await run('after', (n) => {
      if (n === 0) throw new Error('no answer')
      return n < 30 ? `wrong ${n} ${long}` : `right ${n}`
    })
  })

  test('shows the verdict and the regressed items, aligned, cut with their size, page after page', async () => {
    const first = await textOf('compare', { candidate: 'after', baseline: 'before', limit: 10, maxChars: 100 })
    expect(first).toMatch(/correct: 1 → 0\.\d+, -0\.\d+ \[.*\], REGRESSED; 0 better, \d+ worse, 30 same/)
    expect(first).toContain('input: question ')
    expect(first).toContain('expected: right ')
    expect(first).toContain('baseline: right ')
    expect(first).toMatch(/candidate: wrong \d+ long .*\[…1,9\d\d more characters\]/)
    const keysOf = (text: string) => [...text.matchAll(/^\[(q\d+)\]/gm)].map(([, key]) => key)
    expect(keysOf(first)).toHaveLength(10)
    const [, after] = /after = "([^"]+)"/.exec(first) ?? []
    const second = await textOf('compare', { candidate: 'after', baseline: 'before', limit: 100, after, maxChars: 50 })
    expect(new Set([...keysOf(first), ...keysOf(second)]).size).toBe(keysOf(first).length + keysOf(second).length)
    expect(second).not.toContain('There are more')
    const none = await textOf('compare', { candidate: 'after', baseline: 'before', only: 'improved' })
    expect(none).toContain('No items are improved by correct.')
    expect(await textOf('compare', { candidate: 'after', baseline: 'before', only: 'none' })).not.toContain('question')
  })

  test('stays within its tokens, and goes on where it stopped', async () => {
    const options = { candidate: 'dense', baseline: 'before', maxChars: 2_000, maxTokens: 2_000, limit: 20 }
    const text = await textOf('compare', options)
    const size = encode(text, { disallowedSpecial: new Set() }).length
    expect(size).toBeGreaterThan(1_000)
    expect(size).toBeLessThanOrEqual(2_000)
    expect(text).toContain('fewer than 20 to stay below 2000 tokens')
    expect(text).toContain('There are more: after = ')
    const one = await textOf('compare', { ...options, candidate: 'huge', maxChars: 4_000 })
    expect(encode(one).length).toBeLessThanOrEqual(2_000)
    expect(one).toMatch(/^candidate: \(?[A-Za-z0-9+/=]{200,} \[…\d,\d+ more characters\]$/m)
  })

  test('stays within them wherever they end, whatever a metric is called, and however many there are', async () => {
    const dataset = await assay.datasets.create<string, string>({ name: 'measured' })
    const stored = await dataset.upsert(
      Array.from({ length: 12 }, (_, n) => ({ key: `m${n}`, input: `question ${n}` })),
    )
    const names = Array.from({ length: 40 }, (_, n) => `measure ${n} of ${dense.slice(300, 340)}`)
    for (const [runName, value] of [['full', 1] as const, ['empty', 0] as const]) {
      await stored.runExperiment({
        name: 'measured',
        runName,
        task: () => dense,
        evaluators: [() => names.map((name) => ({ name, value }))],
      })
    }
    for (let maxTokens = 1_000; maxTokens < 1_040; maxTokens++) {
      for (const runs of [
        { candidate: 'dense', baseline: 'before' },
        { candidate: 'empty', baseline: 'full' },
      ]) {
        const text = await textOf('compare', { ...runs, maxChars: 100, maxTokens })
        expect(encode(text, { disallowedSpecial: new Set() }).length, text).toBeLessThanOrEqual(maxTokens)
        expect(text).toMatch(/^\[\w+\] /m)
      }
    }
    const few = await textOf('compare', { candidate: 'empty', baseline: 'full', maxTokens: 2_000 })
    expect(few).toMatch(/^\(\d+ more metrics\)$/m)
  })

  test('is decided by a gate', async () => {
    const failed = await textOf('gate', { run: 'after', minMeans: { correct: 0.9 }, maxFailureRate: 0.5 })
    expect(failed).toMatch(/^gate of "after": FAILED\n/)
    expect(failed).toMatch(/^FAILED MIN_MEAN correct: The mean of "correct" is 0\.5/m)
    expect(await textOf('gate', { run: 'before', minMeans: { correct: 0.9 } })).toContain('PASSED')
    expect(await textOf('gate', { run: 'after', baseline: 'before', notWorse: { correct: 0.02 } })).toContain('FAILED')
  })
})

describe.skipIf(!gsm8k.present)(`GSM8K (${gsm8k.note})`, () => {
  test('the 20 largest regressions, each text whole up to 600 characters, are less than 10,000 tokens', async () => {
    const questions = readQuestions()
    const solutions = readSolutions()
    const dataset = await assay.datasets.create<string, string>({ name: 'gsm8k' })
    const data = questions.map(({ question, answer }, n) => ({
      key: String(n),
      input: question,
      expectedOutput: answer,
    }))
    const stored = await dataset.upsert(data)
    const byModel = (model: Gsm8kModel) =>
      new Map(questions.map(({ question }, n) => [question, solutions[n]?.[model]]))
    for (const model of ['175b_verification', '6b_finetuning'] as const) {
      const byQuestion = byModel(model)
      await stored.runExperiment({
        name: 'gsm8k',
        runName: model,
        task: ({ input }) => byQuestion.get(input)?.solution ?? '',
        evaluators: [
          function correct({ input }) {
            return byQuestion.get(input)?.is_correct === true
          },
        ],
      })
    }
    const text = await textOf('compare', { candidate: '6b_finetuning', baseline: '175b_verification', limit: 20 })
    expect(text.match(/^\[\d+\] correct 1 → 0$/gm)).toHaveLength(20)
    expect(encode(text).length).toBeLessThan(10_000)
    for (const [, key] of text.matchAll(/^\[(\d+)\] correct/gm)) {
      const { question, answer } = questions[Number(key)] as { question: string; answer: string }
      const outputs = [byModel('175b_verification'), byModel('6b_finetuning')].map((of) => of.get(question)?.solution)
      for (const whole of [question, answer, ...outputs]) {
        if (whole && whole.length <= 600) expect(text).toContain(whole)
      }
    }
  })
})
