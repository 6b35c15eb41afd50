/**
 * The tools of `assay mcp`: an agent lists, runs, watches and compares, with answers whose length is bounded. A mistake of
 * the caller is an answer that says what to do, not an error of the protocol.
 */
import * as z from 'zod'
import { AssayError } from '../client/index.ts'
import { type Api, ToolError } from './api.ts'
import { McpServer } from './sdk.ts'
import { compare, compareInput } from './tools/compare.ts'
import { gate, gateInput } from './tools/gate.ts'
import { item, itemInput } from './tools/item.ts'
import { list, listInput } from './tools/list.ts'
import { run, runInput } from './tools/run.ts'
import { watch, watchInput } from './tools/watch.ts'

export interface AgentServer {
  server: McpServer
  /** Resolves when no call is being answered. */
  answered(): Promise<void>
}

export function createMcpServer(api: Api, version: string): AgentServer {
  const calls = new Set<Promise<unknown>>()
  const server = new McpServer(
    { name: 'assay', title: 'Assay', version },
    {
      instructions:
        'Experiments on AI systems. Usually: list, run and watch an experiment, compare the run with a baseline (its regressed ' +
        'items, aligned, the worst first), item for all of one item, gate for a decision.',
    },
  )

  function add<Shape extends z.ZodRawShape>(
    name: string,
    about: { description: string; reads: boolean },
    inputSchema: Shape,
    call: (api: Api, input: z.output<z.ZodObject<Shape>>, extra: { signal: AbortSignal }) => Promise<string>,
  ): void {
    const annotations = { readOnlyHint: about.reads, destructiveHint: false, openWorldHint: false }
    // The SDK checks the input, too, but its type is lost here.
    const schema = z.object(inputSchema)
    const config = { description: about.description, inputSchema: schema, annotations }
    server.registerTool<z.ZodRawShape, z.ZodObject>(name, config, async (input, extra) => {
      try {
        const called = call(api, schema.parse(input), extra)
        calls.add(called)
        const text = await called.finally(() => calls.delete(called))
        return { content: [{ type: 'text' as const, text }] }
      } catch (error) {
        if (!(error instanceof ToolError || error instanceof AssayError)) throw error
        return { isError: true, content: [{ type: 'text' as const, text: error.message }] }
      }
    })
  }

  add('list', { description: 'Lists runs, experiments or datasets.', reads: true }, listInput, list)
  add('run', { description: 'Starts a run of an experiment that the server executes.', reads: false }, runInput, run)
  add('watch', { description: 'Waits for the end of a run, and says how it stands.', reads: true }, watchInput, watch)
  add(
    'compare',
    {
      description:
        'Compares a run with a baseline: a verdict per metric, and the items that changed, aligned, with input, expected output and both outputs.',
      reads: true,
    },
    compareInput,
    compare,
  )
  add(
    'item',
    { description: 'Shows one item of a run with its output and all of its scores.', reads: true },
    itemInput,
    item,
  )
  add(
    'gate',
    { description: 'Checks a run against requirements, and says why it fails.', reads: true },
    gateInput,
    gate,
  )
  return {
    server,
    async answered() {
      while (calls.size > 0) await Promise.allSettled(calls)
    },
  }
}
