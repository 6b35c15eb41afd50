/** A run of a task that returns its own trace context, on a server in another process. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createClient } from 'graphql-ws'
import { ask, makeTemporary } from './spawn-assay.ts'

/**
 * A directory whose config has the tasks `echo` (its trace context), `sleep` (as long as the input says) and `fail`.
 */
export async function makeEchoProject(): Promise<string> {
  const directory = await makeTemporary()
  await writeFile(
    join(directory, 'assay.config.ts'),
    `import { setTimeout } from 'node:timers/promises'
import { defineConfig } from 'assay'

export default defineConfig({
  tasks: {
    echo: (_input, _item, { traceparent }) => traceparent,
    sleep: async (input: number, _item, { signal }) => setTimeout(input, process.pid, { signal }),
    fail: () => {
      throw new Error('it always fails')
    },
  },
  evaluators: { long: ({ output }) => String(output).length > 20 },
})
`,
  )
  return directory
}

const create = `mutation ($input: CreateExperimentInput!) {
  createExperiment(input: $input) {
    ... on CreateExperimentPayload { run { id } }
    ... on UserError { message }
  }
}`

/** Starts a run of a task on these inputs. @returns its id */
export async function startEchoRun(
  url: string,
  task: 'echo' | 'sleep' | 'fail',
  inputs: number[],
  settings: object = {},
): Promise<string> {
  const rows = inputs.map((input, index) => JSON.stringify({ key: String(index), input }))
  const imported = await fetch(`${url}/import/${task}`, { method: 'POST', body: rows.join('\n') })
  const { datasetId } = (await imported.json()) as { datasetId: string }
  const input = { name: task, datasetId, task: { module: { name: task } }, settings, start: true }
  const { createExperiment } = await ask<{ createExperiment: { run?: { id: string }; message?: string } }>(
    url,
    create,
    {
      input,
    },
  )
  if (!createExperiment.run) throw new Error(createExperiment.message)
  return createExperiment.run.id
}

interface FollowedItem {
  id: string
  status: string
  output: unknown
  traceId: string | null
  datasetItem: { id: string }
}

const follow = `subscription Follow($runId: ID!) {
  runFeed(runId: $runId) { done items { id status output traceId datasetItem { id } } }
}`

/** Follows a run to its end over a WebSocket. @returns the last state of every item */
export async function followEchoRun(url: string, runId: string): Promise<FollowedItem[]> {
  const client = createClient({ url: `${url.replace('http', 'ws')}/graphql`, retryAttempts: 0 })
  const items = new Map<string, FollowedItem>()
  try {
    const feed = client.iterate<{ runFeed: { done: boolean; items: FollowedItem[] } }>({
      query: follow,
      variables: { runId },
    })
    for await (const { data, errors } of feed) {
      if (!data) throw new Error(JSON.stringify(errors))
      for (const item of data.runFeed.items) items.set(item.id, item)
      if (data.runFeed.done) return [...items.values()]
    }
  } finally {
    await client.dispose()
  }
  throw new Error('the feed ended before the run did')
}
