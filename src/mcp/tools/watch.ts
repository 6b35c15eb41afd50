import * as z from 'zod'
import { type Api, findRun, ToolError } from '../api.ts'
import { FindRun } from '../operations.ts'
import { runText } from '../run-text.ts'

export const watchInput = {
  run: z.string().describe('Id or full name of the run; of several with the name the newest.'),
  timeoutSeconds: z.int().min(1).max(600).default(45).describe('How long to wait for its end at most.'),
}

export async function watch(
  api: Api,
  { run, timeoutSeconds }: z.output<z.ZodObject<typeof watchInput>>,
  { signal }: { signal: AbortSignal },
): Promise<string> {
  const found = await findRun(api, run)
  const timeout = AbortSignal.timeout(timeoutSeconds * 1_000)
  const ended = await found.finished({ signal: AbortSignal.any([signal, timeout]) }).catch((error: unknown) => {
    if (timeout.aborted && !signal.aborted) return null
    throw error
  })
  const state = (await api.request(FindRun, { id: found.id })).run
  if (!state) throw new ToolError(`The run "${run}" was deleted.`)
  return ended ? runText(state) : `${runText(state)}\nIt has not ended after ${timeoutSeconds} s. Use watch again.`
}
