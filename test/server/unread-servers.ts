/** Servers whose answers about finished runs may be given again without asking the database. */
import { afterAll, beforeAll, expect } from 'vitest'
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
import type { Listener } from '../../src/db/listener.ts'
import { createApiKey } from '../../src/engine/projects/api-keys.ts'
import { startServer } from '../../src/server/start-server.ts'
import { recordTwoRuns } from '../helpers/recorded-runs.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'
import { recordStatements } from '../helpers/statements.ts'

/** It stands, so that nothing is read again because it has become old. */
let now = 0
export const clock = { now: () => now, after: () => () => {} }

export function advance(ms: number): void {
  now += ms
}

/** Hears nothing but what the test says, and is told so: what changes has to be known without it. */
export class DeafListener {
  isConnected = true
  readonly #heard = new Map<string, Set<(payload: string) => void>>()
  on(channel: string, onMessage: (payload: string) => void) {
    const those = this.#heard.get(channel) ?? new Set()
    this.#heard.set(channel, those.add(onMessage))
    return () => those.delete(onMessage)
  }
  hear(channel: string, payload = '') {
    for (const heard of this.#heard.get(channel) ?? []) heard(payload)
  }
}

export let t: TestServer
/** Of another server on the same database, which hears nothing from it. */
export let deaf: DeafListener
export let deafUrl: string
export let datasetId: string
/** Two runs that have finished, which every request of `ask` compares. */
export let runs: string[]
/** The credentials of an administrator. */
export let admin: string
const started: (() => Promise<void>)[] = []

/** Starts them for the tests of a file. */
export function useServers(): void {
  beforeAll(async () => {
    t = await startTestServer({}, { clock })
    admin = await bearer()
    deaf = new DeafListener()
    deafUrl = await serve(deaf as unknown as Listener)
    ;({ datasetId, runs } = await recordTwoRuns(t))
  })
  afterAll(async () => {
    for (const stop of started.splice(0)) await stop()
    await t[Symbol.asyncDispose]()
  })
}

export async function serve(listener: Listener): Promise<string> {
  const { url, stop } = await startServer({ ...t, listener, host: '127.0.0.1', port: 0, clock })
  started.push(stop)
  return url
}

export async function newKey() {
  const { key, apiKey } = await createApiKey(t.db, t.scope, { name: 'mine', role: 'ADMIN' })
  return { authorization: `Bearer ${key}`, id: apiKey.id }
}

export const bearer = async () => (await newKey()).authorization

const page = `query ($baseline: ID!, $candidates: [ID!]!) {
  compareRuns(baselineId: $baseline, candidateIds: $candidates) {
    rows(first: 10) { nodes { cells { run { id name } items { output scores { value source comment } } } } }
  }
}`

export async function ask(url: string, headers: Record<string, string>) {
  const [baseline, ...candidates] = runs.map((id) => encodeGlobalId('Run', id))
  const address = new URL(`${url}/graphql`)
  address.searchParams.set('query', page)
  address.searchParams.set('variables', JSON.stringify({ baseline, candidates }))
  const response = await fetch(address, { headers: { accept: 'application/json', ...headers } })
  return { status: response.status, tag: response.headers.get('etag') ?? '', text: await response.text() }
}

export async function statementsOf(url: string, headers: Record<string, string>): Promise<number> {
  const [, statements] = await recordStatements(() => ask(url, headers))
  return statements.length
}

/** Asks until it is answered without a statement. @returns that answer */
export async function untilUnread(url: string, headers: Record<string, string>) {
  await expect.poll(() => statementsOf(url, headers)).toBe(0)
  return ask(url, headers)
}

/** The number of statements that wait for a lock. @param text a part of theirs */
export async function waiting(text = ''): Promise<number> {
  const { rows } = await t.db.pool.query<{ count: number }>(
    `SELECT count(*)::int FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock' AND strpos(query, $1) > 0`,
    [text],
  )
  return rows[0]?.count ?? 0
}
