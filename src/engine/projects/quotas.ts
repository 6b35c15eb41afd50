/**
 * What a project may have at most: whoever would have more is told which quota it is, how much there is, and what to do.
 * Nothing that exists already, and nothing that has begun, is ended by a quota.
 */
import * as z from 'zod'
import type { Database, Queryable } from '../../db/client.ts'
import type { ProjectQuota } from '../../db/generated/prisma/client.ts'
import { channels, notify } from '../../db/listener.ts'
import { countRunItemsOf, findQuota, loadQuotas, lockQuota, sumStoredBytes } from '../../db/sql/project/quota.ts'
import { type Clock, systemClock } from '../../domain/clock.ts'
import { LimitError } from '../../domain/errors.ts'
import { optional, parseInput } from '../../domain/parse-input.ts'
import { type ProjectScope, requireAdmin, requireInstallation, type Scope } from '../../domain/scope.ts'
import type { Services } from '../services.ts'

/** The quotas themselves; null: any number. */
export type Quota = Pick<ProjectQuota, 'runItems' | 'storageMb' | 'concurrentCalls' | 'subscriptions'>

const most = 2_147_483_647
const quota = z.strictObject({
  runItems: optional(z.int().min(0).max(most), null),
  storageMb: optional(z.int().min(0).max(most), null),
  concurrentCalls: optional(z.int().min(1).max(100_000), null),
  subscriptions: optional(z.int().min(0).max(most), null),
})
export const noQuota: Quota = { runItems: null, storageMb: null, concurrentCalls: null, subscriptions: null }

/**
 * Sets all quotas of a project; those that are left out or null are none. They hold within seconds.
 * @throws {ForbiddenError} not an ADMIN of the installation: a project does not limit itself
 * @throws {InvalidInputError} a negative number, or no call at all
 */
export async function setProjectQuota({ db }: Services, scope: Scope, input: Partial<Quota>): Promise<void> {
  requireInstallation(scope)
  requireAdmin(scope)
  const values = parseInput(quota, input, [])
  const { projectId } = scope
  await db.prisma.projectQuota.upsert({
    where: { projectId },
    create: { projectId, ...values },
    update: { ...values, updatedAt: new Date() },
  })
  await notify(db.pool, channels.endpoint)
}

const askForMore = 'or ask an administrator of the installation for a larger quota (`assay quota`)'

/**
 * How many items a new run may have, and holds that for it until the end of the transaction; null: any number.
 * @throws {LimitError} the project has as many as it may have, or no storage left
 */
export async function roomForRun(client: Queryable, { projectId }: ProjectScope): Promise<RunRoom | null> {
  const limits = await findQuota(client, projectId)
  if (!limits) return null
  await checkStorage(client, projectId, limits, 0)
  if (limits.runItems === null) return null
  await lockQuota(client, projectId)
  return { quota: limits.runItems, used: await countRunItemsOf(client, projectId) }
}

export interface RunRoom {
  quota: number
  used: number
}

/** The error of a run that is too large for it. */
export function noRoomForRun({ quota, used }: RunRoom): LimitError {
  return new LimitError(
    `The runs of this project have ${shown(used)} items, of at most ${shown(quota)} by its quota, and this run has more than the ${shown(Math.max(0, quota - used))} that are left. Delete runs, take a sample, ${askForMore}.`,
    ['subset'],
  )
}

/** @param bytes that are added @throws {LimitError} the project has no storage left */
export async function requireStorage(client: Queryable, projectId: string, bytes = 0): Promise<void> {
  const limits = await findQuota(client, projectId)
  if (limits) await checkStorage(client, projectId, limits, bytes)
}

async function checkStorage(client: Queryable, projectId: string, limits: Quota, bytes: number): Promise<void> {
  if (limits.storageMb === null) return
  const stored = await sumStoredBytes(client, projectId)
  if (stored < limits.storageMb * mb && stored + bytes <= limits.storageMb * mb) return
  const more = bytes > 0 ? `, and this file has ${shown(Math.ceil(bytes / mb))} MB` : ''
  throw new LimitError(
    `This project stores ${shown(Math.ceil(stored / mb))} MB, of at most ${shown(limits.storageMb)} MB by its quota${more}. Delete runs, datasets or files that are not needed any more, ${askForMore}.`,
  )
}

const mb = 1024 * 1024
const shown = (count: number) => count.toLocaleString('en')

/** How old the quotas of subscriptions may be, in milliseconds. */
const keptMs = 5_000

/** The quotas of subscriptions, of all projects, read at most every 5 s. */
export class SubscriptionQuotas {
  readonly #db: Pick<Database, 'pool'>
  readonly #clock: Clock
  #known: { until: number; quotas: Promise<Map<string, number | null>> } | null = null

  constructor(db: Pick<Database, 'pool'>, clock: Clock = systemClock) {
    this.#db = db
    this.#clock = clock
  }

  /** How many subscriptions a project may have at once on this server; null: any number. */
  async of(projectId: string): Promise<number | null> {
    const now = this.#clock.now()
    if (!this.#known || this.#known.until <= now) {
      const quotas = loadQuotas(this.#db.pool, 'all').then(
        (rows) => new Map(rows.map(({ projectId, subscriptions }) => [projectId, subscriptions])),
      )
      this.#known = { until: now + keptMs, quotas }
      quotas.catch(() => {
        this.#known = null
      })
    }
    return (await this.#known.quotas).get(projectId) ?? null
  }
}

/** The message for one subscription too many. */
export function tooManySubscriptions(quota: number): string {
  return `The subscriptions of this project on this server are as many as its quota allows, ${shown(quota)}. End some, follow more with one, ${askForMore}.`
}
