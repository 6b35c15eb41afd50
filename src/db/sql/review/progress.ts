/** How far queues are, and what people said in them. */
import type { ScoreDataType } from '../../../domain/evaluation.ts'
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

export interface QueueProgress {
  queueId: string
  /** Items that have all their authors. */
  done: number
  /** Of all persons. */
  reviews: number
}

export async function loadQueueProgress(client: Queryable, queueIds: readonly string[]): Promise<QueueProgress[]> {
  return queryRows<QueueProgress>(
    client,
    `SELECT q.id AS "queueId", count(*) FILTER (WHERE item.authors >= q.authors_per_item)::int AS done,
       COALESCE(sum(item.authors), 0)::int AS reviews
     FROM review_queue q
     LEFT JOIN (SELECT queue_id, count(*) AS authors FROM review
       WHERE queue_id = ANY ($1::uuid[]) AND status = 'DONE' GROUP BY queue_id, position) item ON item.queue_id = q.id
     WHERE q.id = ANY ($1::uuid[]) GROUP BY q.id`,
    [queueIds],
  )
}

export interface PersonsProgress {
  queueId: string
  personId: string
  done: number
  skipped: number
}

/** Of those whom a queue is assigned to, and whoever has done something; by name. */
export async function loadPersonsProgress(client: Queryable, queueIds: readonly string[]): Promise<PersonsProgress[]> {
  return queryRows<PersonsProgress>(
    client,
    `SELECT reviewer.queue_id AS "queueId", reviewer.person_id AS "personId",
       count(*) FILTER (WHERE r.status = 'DONE')::int AS done,
       count(*) FILTER (WHERE r.status = 'SKIPPED')::int AS skipped
     FROM (SELECT queue_id, person_id FROM review_assignee WHERE queue_id = ANY ($1::uuid[])
       UNION SELECT queue_id, person_id FROM review WHERE queue_id = ANY ($1::uuid[])) reviewer
     JOIN person p ON p.id = reviewer.person_id
     LEFT JOIN review r ON r.queue_id = reviewer.queue_id AND r.person_id = reviewer.person_id
     GROUP BY 1, 2, p.name ORDER BY p.name, 2`,
    [queueIds],
  )
}

export interface QueueLabels {
  queueId: string
  name: string
  dataType: ScoreDataType
  /** Of each item what each person said. */
  outputs: { author: string; value: number | null; label: string | null }[][]
}

/** What people said of the items of queues, by the scores that these ask for. */
export async function loadQueueLabels(client: Queryable, queueIds: readonly string[]): Promise<QueueLabels[]> {
  return queryRows<QueueLabels>(
    client,
    `SELECT "queueId", name, max("dataType") AS "dataType", json_agg(said) AS outputs
     FROM (
       SELECT q.id AS "queueId", s.name, max(s.data_type) AS "dataType",
         json_agg(json_build_object('author', s.author, 'value', s.value, 'label', s.label) ORDER BY s.author) AS said
       FROM review_queue q
       JOIN review_item i ON i.queue_id = q.id
       JOIN score s ON s.run_id = q.run_id AND s.ordinal = i.ordinal AND s.name = ANY (q.scores) AND s.source = 'HUMAN'
       WHERE q.id = ANY ($1::uuid[])
       GROUP BY q.id, s.name, i.position
     ) item
     GROUP BY 1, 2 ORDER BY 1, 2`,
    [queueIds],
  )
}
