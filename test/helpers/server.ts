/** A server on a free port, with its own engine. */
import { pino } from 'pino'
import { undeclaredError } from '../../schema/mutation.ts'
import type { ModuleEvaluator, ModuleTask, RunEvaluator } from '../../src/domain/execution/modules.ts'
import { type ServerOptions, startServer } from '../../src/server/start-server.ts'
import { createTestEngine, type TestEngine } from './engine.ts'

export interface TestServer extends TestEngine {
  url: string
  stop(): Promise<void>
  /** Sends an operation with fetch and returns the response body. */
  query(query: string, variables?: object, headers?: Record<string, string>): Promise<GraphqlAnswer>
}

export interface GraphqlAnswer {
  status: number
  // biome-ignore lint/suspicious/noExplicitAny: tests say what they expect of it
  data: any
  errors?: { message: string; path?: (string | number)[]; extensions?: Record<string, unknown> }[]
}

export async function startTestServer(
  modules: { tasks?: ModuleTask[]; evaluators?: (ModuleEvaluator | RunEvaluator)[] } = {},
  options: Partial<ServerOptions> = {},
): Promise<TestServer> {
  const test = await createTestEngine(modules)
  const { services, feeds, comparisons, listener } = test
  const undeclared: string[] = []
  const write = (line: string) => {
    if (line.includes(undeclaredError)) undeclared.push(line)
    if (process.env.LOG_LEVEL) process.stdout.write(line)
  }
  const log = pino({ level: process.env.LOG_LEVEL ?? 'error' }, { write })
  const { url, stop } = await startServer({
    services: { ...services, log },
    feeds,
    comparisons,
    listener,
    host: '127.0.0.1',
    port: 0,
    ...options,
  })
  return {
    ...test,
    url,
    stop,
    async query(query, variables, headers) {
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ query, variables }),
      })
      return { status: response.status, ...((await response.json()) as Omit<GraphqlAnswer, 'status'>) }
    },
    async [Symbol.asyncDispose]() {
      await stop()
      await test[Symbol.asyncDispose]()
      if (undeclared.length > 0) throw new Error(`Mutations must declare their errors: ${undeclared.join('')}`)
    },
  }
}
