/** Several processes on one PostgreSQL: servers without workers, and workers without servers. */
import { expect, onTestFinished, test } from 'vitest'
import { createTestDatabase } from '../helpers/database.ts'
import { followEchoRun, makeEchoProject, startEchoRun } from '../helpers/echo-run.ts'
import { spawnAssay, spawnServer } from '../helpers/spawn-assay.ts'

test('a subscriber of one server sees the results of a worker live, in a run that another server started', async () => {
  const cwd = await makeEchoProject()
  const database = await createTestDatabase()
  onTestFinished(() => database.drop())
  const env = { DATABASE_URL: database.url }
  const [first, second] = await Promise.all([
    spawnServer(['--no-worker'], { cwd, env }),
    spawnServer(['--no-worker'], { cwd, env }),
  ])
  const worker = spawnAssay(['worker', '--metrics-port', '0'], { cwd, env })
  const [, status = ''] = await worker.says(/Metrics: (http\S+)\/metrics\./)

  const runId = await startEchoRun(
    first.url,
    'sleep',
    Array.from({ length: 40 }, () => 20),
    { concurrency: 4 },
  )
  const items = await followEchoRun(second.url, runId)
  expect(items).toHaveLength(40)
  expect(items.map(({ status }) => status)).toEqual(items.map(() => 'SUCCEEDED'))
  // That of the worker's functions.
  const processes = new Set(items.map(({ output }) => output))
  expect(processes.size).toBe(1)
  for (const { process } of [first, second, worker]) expect(processes).not.toContain(process.pid)
  const metrics = async (url: string) => (await fetch(`${url}/metrics`)).text()
  expect(await metrics(status)).toContain('assay_items_finished_total{status="succeeded"} 40')
  expect(await metrics(second.url)).toContain('assay_items_finished_total{status="succeeded"} 0')
  // The worker's NOTIFYs announced the changes: the poll would have taken 2 s each time.
  const lag = await metrics(second.url)
  expect(Number(/assay_feed_lag_seconds_bucket\{le="1"\} (\d+)/.exec(lag)?.[1])).toBeGreaterThan(1)

  const ready = (await (await fetch(`${status}/readyz`)).json()) as { status: string; checks: object }
  expect(ready.status).toBe('ready')
  expect(Object.keys(ready.checks)).toEqual(['database', 'migrations', 'listener', 'worker'])
  for (const { process, exited } of [worker, first, second]) {
    process.kill('SIGTERM')
    expect(await exited).toBe(0)
  }
  const logged = ({ stderr }: { stderr: string }) =>
    stderr
      .split('\n')
      .filter((line) => line.includes(runId))
      .map((line) => (JSON.parse(line) as { msg: string }).msg)
  expect(logged(first)).toEqual(['run: started'])
  expect(logged(worker)).toEqual(['run: over'])
})
