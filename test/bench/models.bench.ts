/**
 * Measures runs of a prompt on a model that answers after 200 ms, streamed and not, beside a bare loop of the same calls of
 * the SDK: `npm run bench:models`, or with another number of items: `npm run bench:models -- 500`. Exits with status 1 when a
 * figure misses its bound.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { defaultRunSettings } from '../../src/domain/run.ts'
import { RunItemTexts } from '../../src/feed/run-item-texts.ts'
import { promptTask } from '../helpers/prompt-task.ts'
import type { BareLoop } from './bare-model-loop.ts'
import type { Measured, Said } from './engine-process.ts'
import { seedBench, startBench } from './harness.ts'

const size = Number(process.argv[2] ?? 2_000)
const concurrency = 100
const rounds = 3

const bench = await startBench([])
const start = (script: string) =>
  fork(join(import.meta.dirname, script), {
    execArgv: ['--expose-gc'],
    env: { ...process.env, DATABASE_URL: bench.url },
  })
const models = start('model-server-process.ts')
const [{ url }] = (await once(models, 'message')) as [{ url: string }]
const engine = start('engine-process.ts')
const bare = start('bare-model-loop.ts')
await answer<{ ready: string }>(engine, 'ready')
const address = { name: 'test', kind: 'OPENAI_COMPATIBLE', baseUrl: url }
await bench.db.prisma.provider.create({ data: { projectId: bench.scope.projectId, ...address } })

async function answer<Answer extends object>(child: ChildProcess, key: keyof Answer): Promise<Answer> {
  for (;;) {
    const [message] = (await once(child, 'message')) as [object]
    if (key in message) return message as Answer
  }
}

/** @param watched how many items somebody follows, from another process */
async function run(stream: boolean, watched = 0): Promise<Measured> {
  const settings = { ...defaultRunSettings, concurrency }
  const task = promptTask({ model: 'model', stream }, { messages: [{ role: 'USER', content: '{{question}}' }] })
  const experimentId = await seedBench(bench, size, task, settings)
  const started = answer<Extract<Said, { started: string }>>(engine, 'started')
  const measured = answer<Extract<Said, { measured: Measured }>>(engine, 'measured')
  engine.send({ run: experimentId })
  const { started: runId } = await started
  const texts = new RunItemTexts(bench.db, bench.listener, bench.feeds.changes)
  const watching = Array.from({ length: watched }, async (_, n) => {
    const ordinal = Math.floor((n * size) / watched)
    const events = await texts.subscribe(bench.scope, { runId, ordinal }, AbortSignal.timeout(60_000))
    for await (const { done } of events) if (done) return
  })
  const result = (await measured).measured
  await Promise.all(watching)
  texts.stop()
  return result
}

async function loop(stream: boolean): Promise<BareLoop> {
  const done = answer<BareLoop>(bare, 'seconds')
  bare.send({ url, calls: size, concurrency, stream })
  return done
}

let missed = 0
function check(what: string, ok: boolean): void {
  if (!ok) missed += 1
  console.log(`${ok ? 'ok    ' : 'MISSED'} ${what}`)
}

const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN

for (const stream of [false, true]) {
  await Promise.all([run(stream), loop(stream)])
  const ratios: number[] = []
  const extraMs: number[] = []
  const watchedRatios: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    const alone = await loop(stream)
    const measured = await run(stream)
    ratios.push(alone.seconds / measured.seconds)
    extraMs.push((measured.cpuMs - alone.cpuMs) / size)
    if (stream) watchedRatios.push(measured.seconds / (await run(stream, 100)).seconds)
    const cpu = (ms: number) => `${(ms / size).toFixed(2)} ms CPU`
    console.log(
      `${stream ? 'streamed' : 'whole   '} ${size} calls, ${concurrency} at once: engine ${(size / measured.seconds).toFixed(0)}/s, ` +
        `${cpu(measured.cpuMs)}; bare loop ${(size / alone.seconds).toFixed(0)}/s, ${cpu(alone.cpuMs)}`,
    )
  }
  const what = stream ? 'streamed' : 'not streamed'
  check(`${what}: ${median(ratios).toFixed(2)} of the rate of the bare loop (at least 0.90)`, median(ratios) >= 0.9)
  check(`${what}: ${median(extraMs).toFixed(2)} ms CPU a call more than it (at most 0.50)`, median(extraMs) <= 0.5)
  if (stream) {
    const kept = median(watchedRatios)
    check(`100 watched items: ${kept.toFixed(2)} of the rate without (at least 0.90)`, kept >= 0.9)
  }
}

engine.send('stop')
await once(engine, 'exit')
for (const child of [models, bare]) child.disconnect()
await bench[Symbol.asyncDispose]()
process.exitCode = missed > 0 ? 1 : 0
