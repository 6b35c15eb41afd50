/**
 * Evaluations of a trivial evaluator of the kind `code` a second, through the processes that run it: fails below 2,000. Beside
 * it stands what such a process manages without any sandbox.
 */
import { calculations } from '../../src/calculations/calculations.ts'
import { createEvaluator, parseEvaluatorSpec } from '../../src/evaluators/registry.ts'
import { evaluationInput } from '../evaluators/evaluation-input.ts'
import { inThisProcess } from '../helpers/functions.ts'

const wanted = 2_000
const seconds = 3
const functions = inThisProcess({})
const spec = parseEvaluatorSpec(
  { kind: 'code', code: 'const evaluate = ({ output }) => output.length' },
  functions.registered,
)
const evaluate = createEvaluator(spec, 'length', functions)
const builtin = new URL('../../src/evaluators/calculate-builtin.ts', import.meta.url)
const cost = { kind: 'builtin', type: 'cost', maxUsd: 1 }
const { signal } = new AbortController()

async function rateOf(call: () => unknown): Promise<number> {
  const inFlight = 64
  let done = 0
  const until = performance.now() + 1_000 * seconds
  const work = async () => {
    while (performance.now() < until) {
      await call()
      done += 1
    }
  }
  await Promise.all(Array.from({ length: inFlight }, work))
  return done / seconds
}

// One run never has all processes for itself.
let calls = 0
const sandboxed = () => {
  calls += 1
  return evaluate(evaluationInput(), { signal, subject: { preview: `run ${calls % 2}` } })
}
const bare = () =>
  calculations.run({
    module: builtin,
    input: { spec: cost, item: evaluationInput({ costUsd: 0 }) },
    group: 'bench',
    timeoutMs: 10_000,
  })
await Promise.all([sandboxed(), bare()])
const [code, without] = [await rateOf(sandboxed), await rateOf(bare)]
console.log(`code: ${Math.round(code)}/s; the same without a sandbox: ${Math.round(without)}/s`)
if (code < wanted) throw new Error(`Expected at least ${wanted} evaluations/s, got ${Math.round(code)}.`)
process.exit(0)
