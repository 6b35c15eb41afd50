/**
 * Measures experiments of the client with a no-op task and one evaluator, recorded durably, against runs of the server on the
 * same dataset with an evaluator of its own. `npm run bench:client`, or with other numbers of items:
 * `npm run bench:client -- 2000 5000`. Exits with status 1 when a figure misses its bound.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { defaultRunSettings } from '../../src/domain/run.ts'
import { createEvaluator } from '../../src/engine/evaluators.ts'
import type { ClientMeasured } from './client-process.ts'
import type { Said } from './engine-process.ts'
import { seedBench, startBench } from './harness.ts'

const [small = 10_000, large = 100_000] = process.argv.slice(2).map(Number)

const bench = await startBench([])
await createEvaluator(bench.services, bench.scope, {
  name: 'exact',
  definition: { kind: 'builtin', type: 'jsonEquals', ignoreArrayOrder: false, outputPath: null, expectedPath: null },
})
const engine = start('engine-process.ts', [])
const { ready: url } = await messageWith('ready')
const client = start('client-process.ts', [url])
await once(client, 'message')

function start(file: string, args: string[]): ChildProcess {
  const env = { ...process.env, DATABASE_URL: bench.url }
  return fork(join(import.meta.dirname, file), args, { execArgv: ['--expose-gc'], env })
}

async function messageWith<Key extends string>(key: Key): Promise<Extract<Said, Record<Key, unknown>>> {
  for (;;) {
    const [message] = (await once(engine, 'message')) as [Said]
    if (key in message) return message as Extract<Said, Record<Key, unknown>>
  }
}

/** Both on a dataset of their own of `size` items, one after the other. */
async function compare(size: number) {
  const experimentId = await seedBench(bench, size, 'echo', { ...defaultRunSettings, concurrency: 50 })
  const measured = messageWith('measured')
  engine.send({ run: experimentId })
  const byServer = (await measured).measured

  const { datasetId } = await bench.db.prisma.experiment.findUniqueOrThrow({ where: { id: experimentId } })
  const { name } = await bench.db.prisma.dataset.findUniqueOrThrow({ where: { id: datasetId } })
  const answered = once(client, 'message')
  client.send(name)
  const [byClient] = (await answered) as [ClientMeasured]
  if (byClient.items !== size || byClient.correct !== size) {
    throw new Error(`expected ${size} results, got ${byClient.items}, of which ${byClient.correct} are scored`)
  }
  const ratio = byServer.seconds / byClient.seconds
  console.log(
    `${String(size).padStart(7)} items: server ${rate(size, byServer.seconds)}/s, client ${rate(size, byClient.seconds)}/s, ` +
      `ratio ${ratio.toFixed(2)}; CPU of the client ${(byClient.cpuMs / size).toFixed(3)} ms/item, ${byClient.aliveMb.toFixed(0)} MB alive with its results`,
  )
  return { ratio, aliveMb: byClient.aliveMb }
}

function rate(size: number, seconds: number): string {
  return (size / seconds).toFixed(0)
}

let missed = 0
function check(what: string, ok: boolean): void {
  if (!ok) missed += 1
  console.log(`${ok ? 'ok    ' : 'MISSED'} ${what}`)
}

console.log(
  `${cpus().length} × ${cpus()[0]?.model ?? 'unknown CPU'}, Node ${process.versions.node}, PostgreSQL durable\n`,
)
await compare(Math.min(small, 2_000))
const smalls = [await compare(small), await compare(small), await compare(small)].sort((a, b) => a.ratio - b.ratio)
const { aliveMb } = await compare(large)
const middle = smalls[1] ?? { ratio: 0, aliveMb: 0 }
const growth = aliveMb - Math.min(...smalls.map((one) => one.aliveMb))
console.log('')
check(`the client is at least half as fast as the server: ${middle.ratio.toFixed(2)}`, middle.ratio >= 0.5)
check(`${large} items need less than 100 MB more than ${small}: ${growth.toFixed(0)} MB`, growth < 100)

client.kill()
engine.kill()
await bench[Symbol.asyncDispose]()
process.exitCode = missed > 0 ? 1 : 0
