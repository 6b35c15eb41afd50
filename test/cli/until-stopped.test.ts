/** An error that nobody catches ends a process as a signal does: it says why, and lets what is in flight end. */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { root, spawnNode } from '../helpers/spawn-assay.ts'

const programThat = (fails: string) => `
import { EventEmitter } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { pino } from 'pino'
import { untilStopped } from ${JSON.stringify(pathToFileURL(join(root, 'src/cli/until-stopped.ts')).href)}
const stop = async () => { await delay(10); console.log('drained') }
const use = async () => { ${fails}; await delay(60_000) }
process.exit(await untilStopped(pino(), async () => ({ failed: new Promise(() => {}), stop }), use))
`

test.each([
  ['a rejection that nobody awaits', `Promise.reject(new Error('it went wrong'))`],
  ['an error in a timer', `setTimeout(() => { throw new Error('it went wrong') })`],
  [
    'an error event without a listener',
    `setImmediate(() => new EventEmitter().emit('error', new Error('it went wrong')))`,
  ],
])('%s is logged, and the process drains before it ends', async (_what, fails) => {
  const program = spawnNode(['--input-type=module', '--eval', programThat(fails)])
  expect(await program.exited).toBe(1)
  const logged = program.stdout.indexOf('"msg":"An error was caught by nobody."')
  expect(program.stdout).toMatch(/"message":"it went wrong"/)
  expect(logged).toBeGreaterThan(0)
  expect(program.stdout.indexOf('drained')).toBeGreaterThan(logged)
})
