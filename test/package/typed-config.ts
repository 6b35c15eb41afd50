/** A config of a project with strict types. The errors that are expected must be errors. */
import { defineConfig, type Json, result, type TaskContext, TaskError, type TaskItem } from 'assay'
import { Assay, type ExperimentResult } from 'assay/client'

interface Ticket {
  text: string
}

async function classify(ticket: Ticket, item: TaskItem, { signal }: TaskContext) {
  signal.throwIfAborted()
  if (ticket.text === '') throw new TaskError('EMPTY', `nothing in ${item.id}`, { retryable: false })
  const output: Json = { category: ticket.text.length > 10 ? 'long' : 'short' }
  return result({ output, costUsd: 0.001 })
}

export default defineConfig({
  tasks: { classify },
  evaluators: { short: ({ output }) => JSON.stringify(output).length < 100 },
})

// @ts-expect-error tasks are functions
defineConfig({ tasks: { classify: 5 } })

export async function evaluate(): Promise<ExperimentResult> {
  const assay = new Assay({ url: 'http://127.0.0.1:4000' })
  const outcome = await assay.runExperiment({
    name: 'typed',
    data: [{ input: { text: 'hello' }, expectedOutput: 'short' }],
    task: ({ input }) => input.text.length,
    evaluators: [({ output, expectedOutput }) => output.toFixed() === expectedOutput],
  })
  const [first] = outcome.itemResults
  const length: number | undefined = first?.output
  // @ts-expect-error the output is a number
  const text: string | undefined = first?.output
  return length === undefined && text === undefined ? Promise.reject(outcome) : (outcome as unknown as ExperimentResult)
}
