import * as z from 'zod'
import { type Api, ToolError } from '../api.ts'
import { FindExperiment, StartRun } from '../operations.ts'
import { runText } from '../run-text.ts'

export const runInput = {
  experiment: z.string().describe('The full name of the experiment.'),
  dataset: z.string().optional().describe('Its dataset; needed when several have an experiment of the name.'),
  name: z.string().optional().describe('Of the run; default: the experiment and the time.'),
  sample: z.int().min(1).optional().describe('Only this many of the items, chosen at random; default: all.'),
}

export async function run(
  api: Api,
  { experiment, dataset, name, sample }: z.output<z.ZodObject<typeof runInput>>,
): Promise<string> {
  const datasetId = dataset === undefined ? null : (await api.getDataset(dataset)).id
  const { experiment: found } = await api.request(FindExperiment, { name: experiment, datasetId })
  if (!found) throw new ToolError(`There is no experiment named "${experiment}". Use list to find its full name.`)
  if (found.task.__typename === 'ClientTask') {
    throw new ToolError(`"${experiment}" is executed by programs of its users: run that program instead.`)
  }
  const input = {
    experimentId: found.id,
    ...(name !== undefined && { name }),
    ...(sample !== undefined && { subset: { sample } }),
  }
  const { startRun } = await api.request(StartRun, { input })
  if (startRun.__typename !== 'StartRunPayload') throw new ToolError(startRun.message)
  return `${runText(startRun.run)}\nIt goes on by itself. Use watch to wait for its end.`
}
