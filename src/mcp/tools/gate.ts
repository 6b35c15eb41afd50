import * as z from 'zod'
import { type Api, findRun, ToolError } from '../api.ts'
import { GateOfRun } from '../operations.ts'

const share = z.number().min(0).max(1)

export const gateInput = {
  run: z.string().describe('Id or full name of the run.'),
  baseline: z.string().optional().describe('Id or full name of a run; default: the approved baseline of the dataset.'),
  minMeans: z
    .record(z.string(), z.number())
    .optional()
    .describe(
      'Smallest means of scores by their names, e.g. {"correct": 0.9}. Without any rule: the gate of the experiment.',
    ),
  notWorse: z
    .record(z.string(), z.number().min(0))
    .optional()
    .describe('Scores that must provably not be worse than the baseline by more than this, e.g. {"correct": 0.02}.'),
  maxFailureRate: share.optional().describe('Largest share of failed items, 0–1.'),
}

export async function gate(api: Api, input: z.output<z.ZodObject<typeof gateInput>>): Promise<string> {
  const { minMeans, notWorse, maxFailureRate } = input
  const found = await findRun(api, input.run)
  const baselineId = input.baseline === undefined ? null : (await findRun(api, input.baseline)).id
  const metric = (name: string) => ({ score: { name } })
  const rules = {
    ...(minMeans && { minMeans: Object.entries(minMeans).map(([name, value]) => ({ metric: metric(name), value })) }),
    ...(notWorse && { notWorse: Object.entries(notWorse).map(([name, margin]) => ({ metric: metric(name), margin })) }),
    ...(maxFailureRate !== undefined && { maxFailureRate }),
  }
  const given = Object.keys(rules).length > 0 ? rules : null
  const { run } = await api.request(GateOfRun, { id: found.id, gate: given, baselineId })
  if (!run?.gate) {
    throw new ToolError('The experiment of this run has no gate: pass minMeans, notWorse or maxFailureRate.')
  }
  const { status, checks } = run.gate
  const lines = checks.map(({ rule, passed, metric: of, reason }) => {
    return `${passed ? 'passed' : 'FAILED'} ${rule}${of?.name ? ` ${of.name}` : ''}: ${reason}`
  })
  return [`gate of "${found.name}": ${status}`, ...lines].join('\n')
}
