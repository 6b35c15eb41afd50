/** Judges with a builtin evaluator, in whatever process: `calculate` is what one for calculations is asked. */
import type { BuiltinEvaluatorSpec, EvaluationInput } from '../domain/evaluation.ts'
import type { Judge, Judgement } from './builtin.ts'
import { compileBuiltin } from './builtins.ts'

const maxCompiled = 100
const compiled = new Map<string, Judge>()

/** @throws what the evaluator throws */
export function calculate({ spec, item }: { spec: BuiltinEvaluatorSpec; item: EvaluationInput }): Judgement | null {
  const key = JSON.stringify(spec)
  let judge = compiled.get(key)
  if (!judge) {
    judge = compileBuiltin(spec, ['definition', 'builtin', spec.type])
    if (compiled.size >= maxCompiled) compiled.clear()
    compiled.set(key, judge)
  }
  return judge(item)
}
