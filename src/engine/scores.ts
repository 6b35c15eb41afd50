import type { Queryable } from '../db/client.ts'
import type { Score, ScoreConfig } from '../db/generated/prisma/client.ts'
import { advanceRun, noDelta } from '../db/sql/run/advance-run.ts'
import type { LockedRun } from '../db/sql/run/lock-run.ts'
import { InvalidInputError, NotFoundError } from '../domain/errors.ts'
import type { ScoreDataType } from '../domain/evaluation.ts'
import type { Json } from '../domain/json.ts'
import { requireWrite, type Scope } from '../domain/scope.ts'
import { addValue, noMoments, removeValue, type ScoreMoments } from '../domain/score-moments.ts'
import { withLockedRun } from './runs/locked-run.ts'
import type { Services } from './services.ts'

/** A score that a person or a program gives. */
export interface SetScoreInput {
  runId: string
  /** The run item's place in the schedule; null scores the run as a whole. */
  ordinal: number | null
  name: string
  /** Default: that of the score's configuration; else CATEGORICAL with a label, NUMERIC with a value. */
  dataType?: ScoreDataType | null
  value?: number | null
  label?: string | null
  comment?: string | null
  metadata?: Json
  source: 'HUMAN' | 'API'
}

/**
 * Sets a score, whose author is the scope's person; one of the same name, source and author on the same target is replaced.
 * @throws {InvalidInputError} a value that does not fit the data type or the score's configuration
 * @throws {NotFoundError} no such run or item
 */
export async function setScore(services: Services, scope: Scope, input: SetScoreInput): Promise<Score> {
  requireWrite(scope)
  const { prisma } = services.db
  const name = input.name.trim()
  if (name.length < 1 || name.length > 200) {
    throw new InvalidInputError(`expected a score name of 1 to 200 characters, got ${name.length}`, ['name'])
  }
  const config = await prisma.scoreConfig.findUnique({
    where: { projectId_name: { projectId: scope.projectId, name } },
  })
  const given = parseScore(input, config)

  const write = async (client: Queryable, run: LockedRun) => {
    const { runId, ordinal, source, comment = null, metadata = null } = input
    const author = scope.person.name
    if (ordinal !== null) {
      const item = await client.query('UPDATE run_item SET seq = $3 WHERE run_id = $1 AND ordinal = $2', [
        runId,
        ordinal,
        run.seq + 1,
      ])
      if (item.rowCount === 0) throw new NotFoundError('There is no such run item in this project.', ['target'])
    }
    const old = await client.query<Score>(
      `DELETE FROM score WHERE run_id = $1 AND ordinal IS NOT DISTINCT FROM $2 AND name = $3 AND source = $4
         AND author IS NOT DISTINCT FROM $5 RETURNING *`,
      [runId, ordinal, name, source, author],
    )
    const { rows } = await client.query<{ id: string }>(
      `INSERT INTO score (run_id, ordinal, name, data_type, value, label, comment, metadata, source, author)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id`,
      [
        runId,
        ordinal,
        name,
        given.dataType,
        given.value,
        given.label,
        comment,
        metadata === null ? null : JSON.stringify(metadata),
        source,
        author,
      ],
    )
    if (ordinal !== null) await summarizeChange(client, runId, name, { removed: old.rows, added: [given] }, config)
    await advanceRun(client, runId, { ...noDelta, status: run.status, stopReason: run.stopReason, seq: 1 })
    return BigInt(rows[0]?.id ?? 0)
  }
  const id = await withLockedRun(services, scope, input.runId, write, ['target'])
  return prisma.score.findUniqueOrThrow({ where: { id } })
}

/**
 * Deletes a score, whoever gave it.
 * @throws {NotFoundError} no such score
 */
export async function deleteScore(services: Services, scope: Scope, id: string): Promise<void> {
  requireWrite(scope)
  const { prisma } = services.db
  const { projectId } = scope
  const score = await prisma.score.findFirst({ where: { id: BigInt(id), run: { projectId } } })
  if (!score) throw new NotFoundError('There is no such score in this project.', ['id'])
  await withLockedRun(services, scope, score.runId, async (client, run) => {
    const removed = await client.query<Score>('DELETE FROM score WHERE id = $1 RETURNING *', [id])
    if (removed.rowCount === 0) return
    if (score.ordinal !== null) {
      const { runId, ordinal, name } = score
      await client.query('UPDATE run_item SET seq = $3 WHERE run_id = $1 AND ordinal = $2', [
        runId,
        ordinal,
        run.seq + 1,
      ])
      await summarizeChange(client, runId, name, { removed: removed.rows, added: [] }, null)
    }
    await advanceRun(client, score.runId, { ...noDelta, status: run.status, stopReason: run.stopReason, seq: 1 })
  })
}

interface ScoreValue {
  dataType: ScoreDataType
  value: number | null
  label: string | null
  error?: unknown
}

function parseScore(input: SetScoreInput, config: ScoreConfig | null): ScoreValue {
  const { value = null, label = null } = input
  const dataType = config?.dataType ?? input.dataType ?? (label === null ? 'NUMERIC' : 'CATEGORICAL')
  if (input.dataType && input.dataType !== dataType) {
    throw new InvalidInputError(`expected ${dataType}, as "${input.name}" is configured, got ${input.dataType}`, [
      'dataType',
    ])
  }
  const wantsValue = dataType === 'NUMERIC' || dataType === 'BOOLEAN'
  if (wantsValue ? value === null : label === null) {
    throw new InvalidInputError(`expected a ${wantsValue ? 'value' : 'label'} for a ${dataType} score, got none`, [
      wantsValue ? 'value' : 'label',
    ])
  }
  if (value !== null && !Number.isFinite(value))
    throw new InvalidInputError(`expected a finite value, got ${value}`, ['value'])
  if (dataType === 'BOOLEAN' && value !== 0 && value !== 1) {
    throw new InvalidInputError(`expected 0 or 1 for a BOOLEAN score, got ${value}`, ['value'])
  }
  const { min = null, max = null, categories = null } = config ?? {}
  if (value !== null && ((min !== null && value < min) || (max !== null && value > max))) {
    throw new InvalidInputError(`expected a value from ${min ?? '-∞'} to ${max ?? '∞'}, got ${value}`, ['value'])
  }
  if (dataType === 'CATEGORICAL' && Array.isArray(categories) && !categories.includes(label)) {
    throw new InvalidInputError(`expected one of ${categories.join(', ')}, got ${label}`, ['label'])
  }
  return { dataType, value, label }
}

/** Carries a change of single scores into the run's summary; the caller holds the run's lock. */
async function summarizeChange(
  client: Queryable,
  runId: string,
  name: string,
  { removed, added }: { removed: ScoreValue[]; added: ScoreValue[] },
  config: ScoreConfig | null,
): Promise<void> {
  const { rows } = await client.query<ScoreMoments & { errorCount: number }>(
    `SELECT count, sum, m2, error_count AS "errorCount" FROM run_score_summary WHERE run_id = $1 AND name = $2`,
    [runId, name],
  )
  let summary = rows[0] ?? { ...noMoments, errorCount: 0 }
  for (const { value, error } of removed) {
    if (error) summary = { ...summary, errorCount: summary.errorCount - 1 }
    else if (value !== null) summary = { ...summary, ...removeValue(summary, value) }
    else summary = { ...summary, count: summary.count - 1 }
  }
  for (const { value } of added) {
    if (value !== null) summary = { ...summary, ...addValue(summary, value) }
    else summary = { ...summary, count: summary.count + 1 }
  }
  await client.query(
    `INSERT INTO run_score_summary (run_id, name, data_type, direction, count, error_count, sum, m2)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
     ON CONFLICT (run_id, name) DO UPDATE SET count = $5, error_count = $6, sum = $7, m2 = $8`,
    [
      runId,
      name,
      added[0]?.dataType ?? 'NUMERIC',
      config?.direction ?? 'HIGHER_IS_BETTER',
      summary.count,
      summary.errorCount,
      summary.sum,
      summary.m2,
    ],
  )
  const labels = [
    ...removed.map(({ dataType, label }) => ({ dataType, label, count: -1 })),
    ...added.map(({ dataType, label }) => ({ dataType, label, count: 1 })),
  ]
  for (const { dataType, label, count } of labels) {
    if (dataType !== 'CATEGORICAL' || label === null) continue
    await client.query(
      `INSERT INTO run_score_label AS old (run_id, name, label, count) VALUES ($1, $2, $3, $4)
       ON CONFLICT (run_id, name, label) DO UPDATE SET count = old.count + excluded.count`,
      [runId, name, label, count],
    )
  }
}
