/**
 * Measures the start of `assay serve` as it is shipped on an existing data directory, with worker and function hosts: from the
 * start of the process until `/readyz` answers 200. Exits with status 1 when the median misses its bound.
 * `node test/bench/start.bench.ts`.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const boundMs = 2_500
const giveUpMs = 60_000
const starts = 7
const root = join(import.meta.dirname, '../..')
const dataDir = await mkdtemp(join(tmpdir(), 'assay-bench-'))
const load = loadavg()[0] ?? 0

/** @returns how long it took to be ready, in milliseconds */
async function start(): Promise<number> {
  const args = ['src/cli/bin.mjs', 'serve', '--port', '0', '--config', 'test/helpers/fast-tasks.config.ts']
  const from = performance.now()
  const server = spawn(process.execPath, [...args, '--data-dir', dataDir], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const ended = once(server, 'exit')
  try {
    let output = ''
    for await (const chunk of server.stdout) {
      output += chunk
      if (output.includes('Ctrl-C')) break
    }
    const [, url] = /GraphiQL +(http\S+)\/graphql/.exec(output) ?? []
    if (url === undefined) throw new Error(`the server has ended: ${output}`)
    while ((await fetch(`${url}/readyz`)).status !== 200) {
      if (performance.now() - from > giveUpMs) throw new Error(`${url}/readyz was never 200`)
      await delay(5)
    }
    return performance.now() - from
  } finally {
    server.kill('SIGTERM')
    await ended
  }
}

const measured: number[] = []
try {
  // Makes the database, and compiles the code.
  await start()
  for (let n = 0; n < starts; n += 1) measured.push(await start())
} finally {
  await rm(dataDir, { recursive: true, force: true })
}
const sorted = measured.toSorted((a, b) => a - b)
const median = sorted[starts >> 1] ?? Number.NaN
const [least, most] = [sorted[0] ?? Number.NaN, sorted.at(-1) ?? Number.NaN]
console.log(
  `${median <= boundMs ? 'ok    ' : 'MISSED'} ready after ${(median / 1_000).toFixed(2)} s, ${(least / 1_000).toFixed(2)} to ${(most / 1_000).toFixed(2)} s in ${starts} starts with an existing data directory (at most ${boundMs / 1_000} s), load ${load.toFixed(1)} before`,
)
process.exitCode = median <= boundMs ? 0 : 1
