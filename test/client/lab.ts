/** What the tests of experiments share: a server, a client of it, and some data. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll } from 'vitest'
import { Assay, type Dataset } from '../../src/client/index.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'

export const capitals = [
  { input: 'France', expectedOutput: 'Paris' },
  { input: 'Germany', expectedOutput: 'Berlin' },
  { input: 'Japan', expectedOutput: 'Tokyo' },
]
export const answers: Record<string, string> = { France: 'Paris', Germany: 'Bonn', Japan: 'Tokyo' }
export const answer = async ({ input }: { input: string }) => answers[input] ?? ''
export const exact = ({ output, expectedOutput }: { output: string; expectedOutput?: string }) => ({
  name: 'exact',
  value: output === expectedOutput ? 1 : 0,
})
export const name = () => `experiment ${randomUUID()}`
export const numbers = (count: number) =>
  Array.from({ length: count }, (_, input) => ({ input, expectedOutput: input * 2 }))

/** A server for all tests of a file, and a client of it. */
export class Lab {
  #server: TestServer | null = null
  #assay: Assay | null = null

  constructor() {
    beforeAll(async () => {
      this.#server = await startTestServer()
      this.#assay = new Assay({ url: this.#server.url })
    })
    afterAll(() => this.server[Symbol.asyncDispose]())
  }

  get server(): TestServer {
    return this.#server as TestServer
  }

  get assay(): Assay {
    return this.#assay as Assay
  }

  /** A new dataset with these items. */
  async dataset<Item extends { input: unknown }>(items: readonly Item[]): Promise<Dataset<Item['input'], unknown>> {
    const created = await this.assay.datasets.create<Item['input'], unknown>({ name: name() })
    return created.upsert(items as readonly { input: Item['input'] }[])
  }
}
