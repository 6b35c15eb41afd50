/** Queries of a served Assay over HTTP, timed one after another. */
import { setTimeout as delay } from 'node:timers/promises'
import { Program } from './programs.ts'

/** The query of the run page. */
export const runPage = `query ($id: ID!) {
  node(id: $id) {
    ... on Run {
      id name status createdAt progress { total queued running succeeded failed cancelled }
      stats { costUsd latencyMs { avg p50 p95 } scores { name count mean stddev missingCount } }
      items(first: 50) { nodes { id status output latencyMs scores { name value label } } pageInfo { hasNextPage endCursor } }
    }
  }
}`

/** Asks for an answer that is made anew. @throws {Error} the answer has errors */
export async function ask<Data>(url: string, query: string, variables: object): Promise<Data> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    body: JSON.stringify({ query, variables }),
  })
  const { errors, data } = (await response.json()) as { errors?: unknown; data?: Data }
  if (errors || !data) throw new Error(JSON.stringify(errors ?? data))
  return data
}

/**
 * Queries of the page of a run, in a process of their own: what a subscriber beside them costs in the same one would count
 * as the server's time.
 */
export class RunPageQueries implements AsyncDisposable {
  readonly #program: Program

  /** @param url of the server */
  constructor(url: string) {
    this.#program = new Program('run-page-process.ts', [url])
  }

  /** @param id of the run, with its type */
  async begin(id: string): Promise<void> {
    await this.#program.ask(id)
  }

  /** @returns p95 in milliseconds of the queries since it began */
  async end(): Promise<{ p95: number; queries: number }> {
    const times = JSON.parse(await this.#program.ask('')) as number[]
    return { p95: quantile(times, 0.95), queries: times.length }
  }

  /** Queries for some seconds. */
  async queryFor(id: string, seconds: number): Promise<{ p95: number; queries: number }> {
    await this.begin(id)
    await delay(seconds * 1_000)
    return this.end()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#program[Symbol.asyncDispose]()
  }
}

export function quantile(values: readonly number[], q: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * q)] ?? Number.NaN
}
