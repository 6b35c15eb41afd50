/** Commands in the places where they are used: piped, interrupted, and while their server goes away and returns. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { makeEchoProject, startEchoRun } from '../helpers/echo-run.ts'
import { ask, makeTemporary, root, spawnAssay, spawnServer } from '../helpers/spawn-assay.ts'

const hurry = 'mutation ($id: ID!) { updateRun(input: { id: $id, concurrency: 60 }) { __typename } }'
const bin = join(root, 'src/cli/bin.mjs')

/** A free port that nobody is given while its server is away: below those that systems give out by themselves. */
async function steadyPort(): Promise<string> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000)
    const probe = createServer().listen(port, '127.0.0.1')
    const isFree = await once(probe, 'listening').then(
      () => true,
      () => false,
    )
    if (!isFree) continue
    probe.close()
    return String(port)
  }
}

test('a run is watched through an interruption of the watcher and one of the server', async () => {
  const cwd = await makeEchoProject()
  const port = await steadyPort()
  const server = await spawnServer(['--port', port], { cwd })
  const runId = await startEchoRun(
    server.url,
    'sleep',
    Array.from({ length: 60 }, () => 3_000),
    { concurrency: 1 },
  )

  // The server is found by the folder, whatever its port is.
  const interrupted = spawnAssay(['watch', runId], { cwd })
  await expect.poll(() => interrupted.stderr).toContain('/60')
  interrupted.process.kill('SIGINT')
  expect(await interrupted.exited).toBe(130)
  expect(interrupted.stderr).toContain(`The run continues on the server: ${server.url}/runs/${runId}`)
  expect(interrupted.stderr).toContain(`Come back with \`assay watch ${runId}\``)

  const elsewhere = await makeTemporary()
  await writeFile(join(elsewhere, '.env'), `ASSAY_URL=${server.url}\n`)
  const shell = { cwd: elsewhere, env: { ...process.env, NODE: process.execPath, NO_COLOR: '1' } }
  const inShell = async (script: string) => {
    const child = spawn('sh', ['-c', `assay() { "$NODE" "${bin}" "$@"; }\n${script}`], shell)
    return Promise.all([text(child.stdout), text(child.stderr)])
  }
  const listing = [
    'list',
    'list datasets',
    'list experiments --json',
    'list evaluators',
    'export latest',
    'show latest',
  ]
  const heads = listing.map((command) => `assay ${command} | head -c 3 | tr -d '\\n'; echo " ${command}"`)
  const [lines, errors] = await inShell(heads.join('\n'))
  expect(errors).toBe('There are no evaluators like that in this project.\n')
  expect(
    lines
      .trimEnd()
      .split('\n')
      .map((line) => line.slice(0, 3)),
  ).toEqual(['RUN', 'DAT', '[  ', ' li', '{"i', 'sle'])
  expect(await inShell('assay list > /dev/full; echo $?')).toEqual([
    '1\n',
    'Standard output cannot be written: ENOSPC: no space left on device, write.\n',
  ])

  const watching = spawnAssay(['watch', runId, '--json'], { cwd })
  await expect.poll(() => watching.stderr).toContain('/60')
  server.process.kill('SIGTERM')
  await server.exited
  await expect.poll(() => watching.stderr).toContain(`waiting for ${server.url} to come back`)
  const returned = await spawnServer(['--port', port], { cwd })
  await ask(returned.url, hurry, { id: runId })
  expect(await watching.exited, watching.stderr).toBe(0)
  const report = JSON.parse(watching.stdout) as { passed: boolean; run: { progress: object } }
  expect(report).toMatchObject({ passed: true, run: { status: 'COMPLETED', progress: { succeeded: 60 } } })
  expect(watching.stderr).not.toContain('\u001b')
}, 240_000)
