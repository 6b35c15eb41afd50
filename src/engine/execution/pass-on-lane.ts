import type { Job } from 'pg-boss'
import { transaction } from '../../db/client.ts'
import { type LaneJob, laneQueue, queryable, sendLanes } from '../../db/queue.ts'
import type { Services } from '../services.ts'

/** How often a lane goes on before its items are executed, and fail, wherever it is: about a minute. */
const maxPasses = 20
const passSeconds = 3

/**
 * Leaves a lane to another worker when this one lacks functions that its run needs: workers may be started with
 * different config files. A run that no worker can execute does not wait for ever.
 * @returns whether the lane was passed on
 */
export async function passOnLane(services: Services, job: Job<LaneJob>): Promise<boolean> {
  const { boss, db, modules, log } = services
  const { runId, passed = 0 } = job.data
  const { rows } = await db.pool.query<{ priority: number; task: string | null; evaluators: string[] }>(
    `SELECT r.priority, CASE WHEN r.task ->> 'kind' = 'module' THEN r.task ->> 'name' END AS task,
            ARRAY(
              SELECT v.definition ->> 'module' FROM run_evaluator re
              JOIN evaluator_version v ON v.id = re.evaluator_version_id
              WHERE re.run_id = r.id AND v.definition ->> 'kind' = 'module'
            ) AS evaluators
     FROM run r WHERE r.id = $1`,
    [runId],
  )
  const [run] = rows
  if (!run || passed >= maxPasses) return false
  const missing = run.evaluators.filter((name) => !modules.evaluators.has(name))
  if (run.task !== null && !modules.tasks.has(run.task)) missing.unshift(run.task)
  if (missing.length === 0) return false

  log.warn(
    { runId, missing },
    'worker: leaves a run to others, because assay.config.ts registers no such functions here',
  )
  await transaction(db.pool, async (client) => {
    await boss.complete(laneQueue, job, null, { db: queryable(client) })
    await sendLanes(boss, client, [{ ...job.data, passed: passed + 1 }], run.priority, passSeconds)
  })
  return true
}
