/** What makes up for notifications that are lost. */
import { expect, onTestFinished, test } from 'vitest'
import { RunChanges } from '../../src/db/run-changes.ts'
import { RunFeeds } from '../../src/feed/run-feed.ts'
import { createTestEngine, seedDataset } from '../helpers/engine.ts'
import { recordRun } from '../helpers/recorded-runs.ts'
import { recordStatements } from '../helpers/statements.ts'

test('is one statement for all runs that are followed, and a read of those that changed', async () => {
  const t = await createTestEngine()
  onTestFinished(() => t[Symbol.asyncDispose]())
  const changes = new RunChanges(t.listener, t.db.pool, 20)
  onTestFinished(() => changes.stop())
  const feeds = new RunFeeds(t.db, changes)
  const datasetId = await seedDataset(t, [1])
  const ended = new AbortController()
  onTestFinished(() => ended.abort())
  const feedOf = async () => {
    const runId = await recordRun(t, datasetId, [{ item: 0 }], { status: 'RUNNING' })
    const feed = await feeds.subscribe(t.scope, runId, null, ended.signal)
    await feed.next()
    return { runId, next: feed.next() }
  }
  const followed = [await feedOf(), await feedOf(), await feedOf()]
  const polls = (statements: string[]) => statements.filter((text) => text.includes('json_object_agg')).length
  /** Statements during some polls. */
  const during = async (count: number) => {
    let left = count
    const over = Promise.withResolvers<void>()
    const onAcquire = () => {
      left -= 1
      if (left === 0) over.resolve()
    }
    t.db.pool.on('acquire', onAcquire)
    const [, statements] = await recordStatements(() => over.promise)
    t.db.pool.off('acquire', onAcquire)
    return statements
  }
  // What was lost before the first poll is read after it.
  await during(20)
  const quiet = await during(5)
  expect(polls(quiet)).toBe(quiet.length)

  // By somebody who notifies nobody.
  const [first] = followed
  const [, statements] = await recordStatements(async () => {
    await t.db.pool.query(`UPDATE run SET status = 'COMPLETED' WHERE id = $1`, [first?.runId])
    expect((await first?.next)?.value).toMatchObject({ done: true })
  })
  expect(statements.filter((text) => text.includes('LEFT JOIN run r'))).toHaveLength(1)
})
