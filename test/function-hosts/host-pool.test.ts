/** The functions of a config in processes of their own: real ones, which tests end in every way. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { type Logger, pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { FunctionsUnavailableError } from '../../src/domain/execution/functions.ts'
import type { TaskCall } from '../../src/domain/execution/task.ts'
import { encodeGlobalId } from '../../src/domain/global-id.ts'
import { HostPool, type HostPoolOptions } from '../../src/function-hosts/host-pool.ts'
import { evaluationInput } from '../evaluators/evaluation-input.ts'
import { FakeClock } from '../helpers/fake-clock.ts'
import { taskContext, taskItem } from '../tasks/task-items.ts'

const config = `
import { defineConfig, result, TaskError } from 'assay'
import { setTimeout } from 'node:timers/promises'
const kept = []
export default defineConfig({
  tasks: {
    echo: (input, item, { traceparent }) => result({ output: { input, item, traceparent, pid: process.pid }, costUsd: 0.5 }),
    pid: async (input) => { await setTimeout(input ?? 0); return process.pid },
    refuse: () => { throw new TaskError('RATE_LIMITED', 'slow down', { retryable: true, retryAfterMs: 7 }) },
    useless: () => result({ output: 1n, costUsd: 0.5, inputTokens: 3 }),
    hang: (_input, _item, { signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => {
      console.log('aborted')
      reject(signal.reason)
    })),
    exit: () => process.exit(3),
    exitLater: async () => { await setTimeout(50); process.exit(3) },
    throwInTimer: () => new Promise(() => { globalThis.setTimeout(() => { throw new Error('in a timer') }) }),
    rejectUnawaited: async () => { Promise.reject(new Error('nobody waits')); return 'done' },
    block: () => { for (;;); },
    heap: () => { for (;;) kept.push(Array.from({ length: 100_000 }, (_, n) => ({ n }))) },
    buffers: async () => { for (;;) { kept.push(Buffer.alloc(10_000_000, 1)); await setTimeout(1) } },
    print: () => { console.log('printed'); console.error('complained'); return null },
    take: (input) => input.list.shift(),
    compute: (ms) => { const until = performance.now() + ms; while (performance.now() < until); return ms },
  },
  evaluators: {
    length: { evaluate: ({ output }) => output.length, direction: 'LOWER_IS_BETTER', description: 'Short is good.' },
    exit: () => process.exit(4),
    take: ({ output }) => output.list.shift(),
    throws: () => { throw new Error('no idea') },
  },
})
`

async function write(text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'assay-hosts-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'assay.config.mjs')
  await writeFile(file, text)
  return file
}

interface LogLine {
  level: number
  msg: string
  [field: string]: unknown
}

async function startPool(options: Partial<HostPoolOptions> = {}) {
  const lines: LogLine[] = []
  const log: Logger = pino({ level: 'debug' }, { write: (line: string) => void lines.push(JSON.parse(line)) })
  const pool = new HostPool({
    config: options.config === undefined ? await write(config) : options.config,
    hosts: 1,
    log,
    ...options,
  })
  onTestFinished(() => pool.stop())
  await pool.start()
  const call = (name: string, input: unknown = null, limits: Partial<TaskCall> = {}) =>
    pool.callTask(name, taskItem({ input: input as never }), { ...taskContext(), ...limits })
  return { pool, call, lines }
}

test('a task and an evaluator get what they need, and give back what they return', async () => {
  const { pool, call } = await startPool()
  const { output, costUsd, latencyMs } = await call('echo', { n: 1 })
  expect(output).toEqual({
    input: { n: 1 },
    item: { ...taskItem({ input: { n: 1 } }) },
    traceparent: taskContext().traceparent,
    pid: expect.any(Number),
  })
  expect((output as { pid: number }).pid).not.toBe(process.pid)
  expect(costUsd).toBe(0.5)
  expect(latencyMs).toBeGreaterThanOrEqual(0)
  expect(await pool.evaluate('length', 'score', evaluationInput({ output: 'four' }), taskContext())).toMatchObject([
    { name: 'score', value: 4, dataType: 'NUMERIC' },
  ])
  expect([...pool.registered.tasks.keys()]).toContain('echo')
  expect(pool.registered.evaluators.get('length')).toMatchObject({
    description: 'Short is good.',
    direction: 'LOWER_IS_BETTER',
    hash: expect.stringMatching(/^[0-9a-f]{64}$/),
  })
})

test('errors come back as they were thrown', async () => {
  const { pool, call } = await startPool()
  await expect(call('refuse')).rejects.toMatchObject({
    name: 'TaskError',
    code: 'RATE_LIMITED',
    message: 'slow down',
    retryable: true,
    retryAfterMs: 7,
    overloaded: true,
  })
  await expect(call('useless'), 'and it was paid for').rejects.toMatchObject({
    code: 'INVALID_OUTPUT',
    spent: { costUsd: 0.5, inputTokens: 3, outputTokens: null },
  })
  await expect(call('gone')).rejects.toMatchObject({ code: 'MODULE_NOT_FOUND' })
  await expect(pool.evaluate('throws', 'score', evaluationInput(), taskContext())).rejects.toThrow('no idea')
})

test('the time limit and an abort reach the function, and the call ends at once', async () => {
  const { call, lines } = await startPool()
  const aborted = () => lines.filter(({ msg }) => msg === 'function: aborted').length
  await expect(call('hang', null, { timeoutMs: 300 })).rejects.toMatchObject({ code: 'TIMEOUT' })
  await expect.poll(aborted).toBe(1)
  const controller = new AbortController()
  const hanging = call('hang', null, { signal: controller.signal })
  controller.abort(new Error('cancelled'))
  await expect(hanging).rejects.toThrow('cancelled')
  await call('pid')
  expect(aborted(), 'it had not begun').toBe(1)
  const later = new AbortController()
  const running = call('hang', null, { signal: later.signal })
  await call('pid')
  later.abort(new Error('cancelled'))
  await expect(running).rejects.toThrow('cancelled')
  await expect.poll(aborted).toBe(2)
})

test('functions cannot change what others and later attempts see', async () => {
  const { pool, call } = await startPool()
  const content = { list: [3, 1, 2] }
  const evaluate = () => pool.evaluate('take', 'first', evaluationInput({ output: content }), taskContext())
  const calls = [call('take', content), call('take', content), evaluate(), evaluate()]
  expect(await Promise.all(calls)).toMatchObject([{ output: 3 }, { output: 3 }, [{ value: 3 }], [{ value: 3 }]])
})

test('what a function prints is logged with the ids of its call', async () => {
  const { call, lines } = await startPool()
  await call('print', null, { subject: { runId: 'run', ordinal: 3, itemId: '7', attempt: 1 } })
  await expect.poll(() => lines.length).toBe(2)
  const ids = {
    runId: encodeGlobalId('Run', 'run'),
    runItemId: encodeGlobalId('RunItem', 'run:3'),
    itemId: encodeGlobalId('DatasetItem', '7'),
    attempt: 1,
  }
  expect(lines).toMatchObject([
    { level: 30, msg: 'function: printed', ...ids },
    { level: 40, msg: 'function: complained', ...ids },
  ])
})

test.each([
  ['exits', 'exit', 'its process exited with code 3'],
  ['throws in a timer', 'throwInTimer', 'an error in it was caught by nobody: Error: in a timer'],
  [
    'rejects a promise that nobody awaits',
    'rejectUnawaited',
    'an error in it was caught by nobody: Error: nobody waits',
  ],
  ['blocks for ever', 'block', 'it blocked its event loop for longer than the time limit of 300 ms and a second more'],
  ['fills its heap', 'heap', 'its heap needed more than 300 MB'],
  ['fills its memory with Buffers', 'buffers', 'it used more than 400 MB of memory'],
])(
  'a task that %s costs its neighbours nothing, and its own attempt only when it was alone',
  async (_, name, reason) => {
    const { pool, call, lines } = await startPool({ memoryMb: name === 'heap' ? 600 : 400 })
    const limits = { timeoutMs: name === 'block' ? 300 : 20_000 }
    const neighbour = call('hang', null, limits).catch((error: unknown) => error)
    await expect(call(name, null, limits)).rejects.toMatchObject({
      code: 'TASK_CRASHED',
      retryable: true,
      excused: true,
      message: `The process of the function ended, with 1 other calls in it: ${reason}. This call is repeated alone.`,
    })
    expect(await neighbour).toMatchObject({ code: 'TASK_CRASHED', excused: true })
    expect(lines).toContainEqual(expect.objectContaining({ msg: 'function host: its process has ended', reason }))

    const alone = { ...limits, alone: true }
    const [crashed, pid] = await Promise.all([
      call(name, null, alone).catch((error: unknown) => error),
      call('pid', 0, alone),
    ])
    expect(crashed).toMatchObject({
      code: 'TASK_CRASHED',
      retryable: true,
      excused: false,
      message: `The function ended its process, in which it was alone: ${reason}.`,
    })
    expect(pid.output).not.toBe((await call('pid')).output)
    expect(pool.deaths).toBe(2)
  },
)

test('functions that compute for long one after the other are not taken for one that blocks', async () => {
  const { call } = await startPool()
  const calls = Array.from({ length: 6 }, () => call('compute', 500, { timeoutMs: 1_500 }))
  expect((await Promise.all(calls)).map(({ output }) => output)).toEqual(Array(6).fill(500))
})

test('an evaluator that ends its process is called again alone, and its neighbours too', async () => {
  const { pool } = await startPool()
  const exits = pool.evaluate('exit', 'score', evaluationInput(), taskContext())
  const counts = pool.evaluate('length', 'score', evaluationInput({ output: 'four' }), taskContext())
  await expect(exits).rejects.toThrow(
    'The function ended its process, in which it was alone: its process exited with code 4.',
  )
  expect(await counts).toMatchObject([{ value: 4 }])
})

test('hosts that die are replaced, and calls that come meanwhile wait for the next', async () => {
  const { pool, call } = await startPool({ hosts: 2 })
  const pids = new Set<unknown>()
  for (let round = 0; round < 2; round += 1) {
    const { output } = await call('pid')
    pids.add(output)
    process.kill(Number(output), 'SIGKILL')
    await expect.poll(() => pool.deaths).toBe(round + 1)
    expect((await call('pid')).output).not.toBe(output)
  }
  expect(pids.size).toBe(2)
})

test('a config that does not load gives one sentence, and is used once it is mended', async () => {
  const file = await write("export default {}\n\nthrow new Error('boom')")
  let changes = 0
  const { pool, call, lines } = await startPool({ config: file, onChange: () => (changes += 1) })
  expect(pool.problem).toBe(`${file}:3: Error: boom`)
  expect([changes, pool.registered.tasks.size]).toEqual([1, 0])
  expect(lines.filter(({ level }) => level === 50)).toMatchObject([{ msg: pool.problem }])
  await expect(call('pid')).rejects.toThrow(FunctionsUnavailableError)

  await writeFile(file, config)
  await expect.poll(() => pool.problem).toBeNull()
  expect((await call('pid')).output).toEqual(expect.any(Number))
})

test('a config that changes under a worker is not mixed with the one that it began with', async () => {
  const file = await write(config)
  const { pool, call } = await startPool({ config: file })
  const { output: pid } = await call('pid')
  await writeFile(file, `${config}\n`)
  expect((await call('pid')).output).toBe(pid)
  process.kill(Number(pid), 'SIGKILL')
  await expect.poll(() => pool.problem).toMatch(/has changed since this worker started/)
  expect(pool.registered.tasks.size).toBe(0)
  await expect(call('pid')).rejects.toThrow(FunctionsUnavailableError)
})

test('a config that is found changed by a call alone comes back for all calls once it is as it was', async () => {
  const file = await write(config)
  const { pool, call } = await startPool({ config: file })
  await writeFile(file, `${config}\n`)
  await expect(call('pid', 0, { alone: true })).rejects.toThrow(FunctionsUnavailableError)
  expect(pool.problem).toMatch(/has changed since this worker started/)
  await writeFile(file, config)
  await expect.poll(() => pool.problem).toBeNull()
  expect((await call('pid')).output).toEqual(expect.any(Number))
})

/** A file beside the config that has it do something else while it loads. */
const moody = `
import { existsSync } from 'node:fs'
if (existsSync(new URL('exit', import.meta.url))) process.exit(9)
if (existsSync(new URL('hang', import.meta.url))) await new Promise((resolve) => setInterval(resolve, 600_000))
${config}`

test('a process for one call that does not start takes the functions from nobody else', async () => {
  const file = await write(moody)
  const { pool, call } = await startPool({ config: file })
  const { output: pid } = await call('pid')
  await writeFile(join(dirname(file), 'exit'), '')
  const unavailable = new FunctionsUnavailableError(
    'A process for functions does not start: its process exited with code 9.',
  )
  await expect(call('pid', 0, { alone: true })).rejects.toThrow(unavailable)
  expect(pool.problem).toBeNull()
  expect((await call('pid')).output).toBe(pid)
})

test('a process for one call that does not load its config ends with its call, and after a minute', async () => {
  const file = await write(moody)
  const clock = new FakeClock()
  const { pool, call } = await startPool({ config: file, clock })
  await writeFile(join(dirname(file), 'hang'), '')
  const controller = new AbortController()
  const cancelled = call('pid', 0, { alone: true, signal: controller.signal })
  await expect.poll(() => pool.size).toBe(2)
  controller.abort(new Error('cancelled'))
  await expect(cancelled).rejects.toThrow('cancelled')
  const late = call('pid', 0, { alone: true }).catch((error: unknown) => error)
  await expect.poll(() => pool.size).toBe(2)
  expect(clock.timers).toEqual([expect.closeTo(60_000, -2)])
  await clock.next()
  expect(await late).toEqual(
    new FunctionsUnavailableError('A process for functions does not start: it did not load its config within 60 s.'),
  )
  expect((await call('pid')).output).toEqual(expect.any(Number))
})

test.runIf(process.platform !== 'win32')(
  'a worker that can open no more files starts its processes later',
  async () => {
    const file = await write(config)
    const program = join(import.meta.dirname, 'open-no-more-files.ts')
    const command = 'ulimit -n 64; exec "$0" "$1" "$2"'
    const { stdout } = await promisify(execFile)('sh', ['-c', command, process.execPath, program, file])
    expect(JSON.parse(stdout)).toEqual({
      errors: [
        'FunctionsUnavailableError: A process for functions does not start: its process cannot be started: this process can open no more files.',
      ],
      pids: ['number', 'number'],
    })
  },
)

test('without a config there are no processes, and functions are unavailable', async () => {
  const { pool, call } = await startPool({ config: null as never, hosts: 4 })
  expect([pool.size, pool.problem]).toEqual([0, null])
  await expect(call('pid')).rejects.toThrow('This worker has no assay.config.ts.')
})

test('stop ends all processes, the calls in them too', async () => {
  const { pool, call } = await startPool({ hosts: 2 })
  const hanging = [call('hang'), call('hang', null, { alone: true })].map((call) => call.catch((error) => error))
  await expect.poll(() => pool.calls).toBe(2)
  await Promise.all([pool.stop(), pool.stop()])
  expect(pool.size).toBe(0)
  for (const error of await Promise.all(hanging)) expect(error).toBeInstanceOf(Error)
  await expect(call('pid')).rejects.toThrow(FunctionsUnavailableError)
})
