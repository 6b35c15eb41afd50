import type { ClientEvaluatorSpec, Evaluate } from '../domain/evaluation.ts'

/** Clients execute it and record its scores; anything else that should evaluate with it has no function to call. */
export function createClientEvaluator({ name }: ClientEvaluatorSpec): Evaluate {
  return () => {
    throw new Error(`Expected a client to evaluate "${name}": the server does not have that function.`)
  }
}
