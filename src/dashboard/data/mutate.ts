/** What a mutation came to: its payload, or what to tell the person. */
import { notifications } from '@mantine/notifications'
import type { CombinedError } from 'urql'
import { messageOf } from '../components/answer.tsx'

interface Refusal {
  message: string
  path: readonly string[] | null
}

export interface MutationProblem extends Refusal {}

/** Null when it worked. */
export function problemOf(result: { data?: object | null; error?: CombinedError }): MutationProblem | null {
  if (result.error) return { message: messageOf(result.error), path: null }
  const [outcome] = Object.values(result.data ?? {}) as Partial<Refusal>[]
  return typeof outcome?.message === 'string' ? { message: outcome.message, path: outcome.path ?? null } : null
}

/** Says what went wrong, if anything did. @returns whether it worked */
export function notifyOf(result: { data?: object | null; error?: CombinedError }, done?: string): boolean {
  const problem = problemOf(result)
  if (problem)
    notifications.show({ color: 'red', title: 'That did not work', message: problem.message, autoClose: 10_000 })
  else if (done) notifications.show({ message: done })
  return problem === null
}
