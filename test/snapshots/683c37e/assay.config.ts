/** The functions that the runs of this snapshot call. */
import { createHash } from 'node:crypto'
import { appendFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { defineConfig, result, TaskError } from 'assay'

/** The same number from 0 to 99 for the same texts, so that some items of a dataset fare worse than others. */
function percentile(...texts: string[]): number {
  return (createHash('sha256').update(texts.join('\n')).digest()[0] ?? 0) % 100
}

interface Ticket {
  text: string
}

const answers = ['billing', 'delivery', 'account']

function route({ text }: Ticket): string {
  return answers.find((answer) => text.includes(answer)) ?? 'other'
}

export default defineConfig({
  tasks: {
    route: (ticket: Ticket) => route(ticket),
    'route carelessly': (ticket: Ticket) => (percentile(ticket.text) < 40 ? 'other' : route(ticket)),
    'route wrongly': async () => {
      await delay(40)
      return 'wrong'
    },
    'route by chance': async (ticket: Ticket, { repetition }) => {
      await delay(percentile(ticket.text, String(repetition)) / 5)
      return percentile(ticket.text, `repetition ${repetition}`) < 30 ? 'other' : route(ticket)
    },
    'route at a price': async (ticket: Ticket) => {
      await delay(20)
      return result({
        output: route(ticket),
        costUsd: percentile(ticket.text) < 10 ? null : ticket.text.length / 10_000,
        inputTokens: ticket.text.length,
        outputTokens: 2,
      })
    },
    'route badly': async (ticket: Ticket, { attempt }) => {
      await delay(10)
      if (percentile(ticket.text) < 25) throw new Error(`nobody knows where "${ticket.text}" goes`)
      if (percentile(ticket.text) < 50 && attempt === 1)
        throw new TaskError('TASK_FAILED', 'not at the first attempt', { retryable: true })
      return { route: route(ticket), attempt }
    },
    'route slowly': async (ticket: Ticket, _item, { signal }) => {
      await delay(60, undefined, { signal })
      return route(ticket)
    },
    /** Says in the file of this environment variable for which items it came to an end. */
    'take a while': async (input: unknown, { id, repetition, attempt }, { signal }) => {
      await delay(100, undefined, { signal })
      if (attempt === 1 && percentile(id, String(repetition)) < 15)
        throw new TaskError('TASK_FAILED', 'not at the first attempt', { retryable: true })
      if (process.env.SNAPSHOT_CALLS) appendFileSync(process.env.SNAPSHOT_CALLS, `${id} ${repetition}\n`)
      return result({ output: input, costUsd: 0.001 })
    },
    summarize: (note: { text: string } | null) => (note ? `${note.text.slice(0, 40)} …` : null),
  },
  evaluators: {
    words: {
      description: 'How many words the output has.',
      direction: 'LOWER_IS_BETTER',
      evaluate: ({ output }) => JSON.stringify(output).split(' ').length,
    },
    tone: {
      description: 'Does not understand every output.',
      dataType: 'CATEGORICAL',
      direction: 'NONE',
      evaluate: ({ input, output }) => {
        if (percentile(JSON.stringify(input)) < 15) throw new Error('the tone cannot be told')
        return { value: String(output).length > 6 ? 'wordy' : 'terse', comment: `of ${JSON.stringify(output)}` }
      },
    },
    parts: {
      description: 'Gives two scores.',
      evaluate: ({ output }) => [
        { name: 'parts/letters', value: String(output).length },
        { name: 'parts/vowels', value: (String(output).match(/[aeiou]/g) ?? []).length, metadata: { of: 'aeiou' } },
      ],
    },
  },
})
