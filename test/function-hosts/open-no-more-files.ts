/** Calls the function `pid` of a config while no more files can be opened, and after. `node … <config file>` */
import { closeSync, openSync } from 'node:fs'
import { pino } from 'pino'
import { HostPool } from '../../src/function-hosts/host-pool.ts'
import { taskContext, taskItem } from '../tasks/task-items.ts'

const pool = new HostPool({ config: process.argv[2] ?? '', hosts: 1, log: pino({ level: 'silent' }) })
const call = (alone: boolean) =>
  pool.callTask('pid', taskItem({ input: 0 }), { ...taskContext(), timeoutMs: 20_000, alone })

const held: number[] = []
try {
  for (;;) held.push(openSync('/dev/null', 'r'))
} catch {
  // There are no more.
}
await pool.start()
const errors = new Set<string>()
// More calls than there are places for calls alone.
for (let n = 0; n < 100; n += 1) await call(true).catch((error: Error) => errors.add(`${error.name}: ${error.message}`))
for (const file of held) closeSync(file)
const outputs = [(await call(false)).output, (await call(true)).output]
await pool.stop()
process.stdout.write(JSON.stringify({ errors: [...errors], pids: outputs.map((output) => typeof output) }))
