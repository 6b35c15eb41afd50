import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll } from 'vitest'
import type { Task } from '../../src/domain/execution/task.ts'
import { HostPool } from '../../src/function-hosts/host-pool.ts'
import { createTask } from '../../src/tasks/registry.ts'
import { conformsAsTask } from '../tasks/conformance.ts'

let folder: string
let hosts: HostPool
/** Lines that the functions have printed. */
const printed: string[] = []
let gates = 0

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-conformance-'))
  const config = join(folder, 'assay.config.ts')
  await writeFile(
    config,
    `import { existsSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { defineConfig, result } from 'assay'

const gated = (gate: number) => async () => {
  console.log('begun ' + gate)
  while (!existsSync(${JSON.stringify(folder)} + '/' + gate)) await setTimeout(5)
  return null
}
const priced = (output: unknown) => () => result({ output, costUsd: 0.5, inputTokens: 10, outputTokens: 20 })
export default defineConfig({
  tasks: {
    echo: async (seen) => ({ seen }),
    pricedText: priced('x'),
    pricedNull: priced(null),
    failing: () => { throw new Error('boom') },
    limited: () => Promise.reject(Object.assign(new Error('Slow'), { status: 429, headers: { 'retry-after': '2' } })),
    garbled: () => () => 1,
    hanging: () => new Promise(() => {}),
    gated1: gated(1),
    gated2: gated(2),
  },
})
`,
  )
  const write = (line: string) => {
    const { msg } = JSON.parse(line) as { msg: string }
    printed.push(msg)
  }
  hosts = new HostPool({ config, hosts: 2, log: pino({}, { write }) })
  await hosts.start()
})
afterAll(async () => {
  await hosts.stop()
  await rm(folder, { recursive: true })
})

/** The client for endpoints is never used. */
const task = (name: string): Task => createTask({ kind: 'module', name }, hosts, null as never)

conformsAsTask('a function in a process of its own', {
  echo: () => task('echo'),
  priced: (output) => task(output === null ? 'pricedNull' : 'pricedText'),
  failing: () => task('failing'),
  limited: () => task('limited'),
  garbled: () => task('garbled'),
  hanging: () => task('hanging'),
  gated() {
    gates += 1
    const gate = gates
    return {
      task: task(`gated${gate}`),
      active: () => printed.filter((line) => line === `function: begun ${gate}`).length,
      open: () => void writeFile(join(folder, String(gate)), ''),
    }
  },
})
