/** Data recorded by earlier versions has the same figures after an upgrade, and runs that were executing continue. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createTestDatabase } from '../helpers/database.ts'
import { makeTemporary, spawnAssay, spawnServer } from '../helpers/spawn-assay.ts'
import { connectApi } from '../snapshots/api.ts'
import { type Figures, readFigures } from '../snapshots/read-figures.ts'
import { differences, loadSnapshot, snapshotNames } from '../snapshots/snapshot.ts'

test.each(await snapshotNames())(
  'a database of %s has the same figures, and its runs continue to their end with every item once',
  async (name) => {
    const cwd = await makeTemporary()
    const database = await createTestDatabase('template0')
    onTestFinished(database.drop)
    const snapshot = await loadSnapshot(name, database.url, cwd)
    const { key, config } = snapshot
    const calls = join(cwd, 'calls')
    await writeFile(calls, '')

    const env = { DATABASE_URL: database.url, SNAPSHOT_CALLS: calls }
    const server = await spawnServer(['--no-worker', '--config', config], { cwd, env })
    const { ask } = connectApi(server.url, key)
    const before = await readFigures(ask)
    expect(differences(snapshot, before)).toEqual({})

    const worker = spawnAssay(['worker', '--config', config], { cwd, env })
    await worker.says(/worker is ready/)
    await expect.poll(() => unfinishedRuns(ask), { timeout: 60_000 }).toBe(0)
    const after = await readFigures(ask)
    const unfinished = runsOf(before).filter(({ status }) => status === 'RUNNING' || status === 'QUEUED')
    expect(new Set(unfinished.map(({ status }) => status))).toEqual(new Set(['RUNNING', 'QUEUED']))
    const missing: string[] = []
    for (const run of unfinished) {
      const now = after.runs[run.name]
      expect(now).toMatchObject({
        status: 'COMPLETED',
        progress: { total: run.progress.total, succeeded: run.progress.total },
      })
      const recorded = run.items.filter(({ status }: Item) => status === 'SUCCEEDED')
      expect(now.items).toEqual(expect.arrayContaining(recorded))
      expect(now.items.map(executionOf)).toEqual(run.items.map(executionOf))
      missing.push(...run.items.filter(({ status }: Item) => status !== 'SUCCEEDED').map(executionOf))
      for (const { scores } of now.items as Item[]) {
        const names = scores.map(({ name }) => name)
        expect(names).toEqual([...new Set(names)])
        expect(names).toContain('words')
      }
    }
    expect((await readFile(calls, 'utf8')).trim().split('\n').sort()).toEqual(missing.sort())
    const finished = runsOf(before).filter((run) => !unfinished.includes(run))
    expect(after.runs).toMatchObject(Object.fromEntries(finished.map((run) => [run.name, run])))
  },
  120_000,
)

interface Item {
  status: string
  repetition: number
  datasetItem: { id: string }
  scores: { name: string }[]
}

function executionOf({ datasetItem, repetition }: Item): string {
  return `${datasetItem.id} ${repetition}`
}

function runsOf({ runs }: Figures) {
  return Object.values(runs)
}

async function unfinishedRuns(ask: ReturnType<typeof connectApi>['ask']): Promise<number> {
  const { runs } = await ask<{ runs: { nodes: unknown[] } }>(
    '{ runs(filter: { status: [QUEUED, RUNNING] }) { nodes { id } } }',
  )
  return runs.nodes.length
}
