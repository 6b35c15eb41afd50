/** A server whose imports and exports are asked for as its clients do. */
import { afterAll, beforeAll } from 'vitest'
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
import type { Json } from '../../src/domain/json/json.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'

export let server: TestServer

/** Starts it for the tests of a file. */
export function useServer(): void {
  beforeAll(async () => {
    server = await startTestServer()
  })
  afterAll(() => server[Symbol.asyncDispose]())
}

let names = 0
export const newName = () => `http/${names++}`
export const lines = (...rows: Json[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('')

export async function post(dataset: string, body: string | Buffer, query = '', headers: Record<string, string> = {}) {
  const response = await fetch(`${server.url}/import/${encodeURIComponent(dataset)}${query}`, {
    method: 'POST',
    body: body as string,
    headers,
  })
  return { status: response.status, body: (await response.json()) as Record<string, never> }
}

export async function idOf(dataset: string) {
  return (await server.db.prisma.dataset.findFirstOrThrow({ where: { name: dataset } })).id
}

export const get = (path: string) => fetch(`${server.url}/export/${path}`)
export const globalIdOf = async (dataset: string) => encodeGlobalId('Dataset', await idOf(dataset))
