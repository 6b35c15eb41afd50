import type { ModuleEvaluator, ModuleTask, RunEvaluator } from '../../src/domain/execution/modules.ts'
import { LocalFunctions } from '../../src/function-hosts/local-functions.ts'

/** Functions that are called in the test's own process, so that a test can watch and hold them. */
export function inThisProcess(
  {
    tasks = [],
    evaluators = [],
  }: {
    tasks?: readonly ModuleTask[]
    evaluators?: readonly (ModuleEvaluator | RunEvaluator)[]
  },
  hash = 'test',
): LocalFunctions {
  const byName = <T extends { name: string }>(functions: readonly T[]) =>
    new Map(functions.map((one) => [one.name, one]))
  return new LocalFunctions({ tasks: byName(tasks), evaluators: byName(evaluators) }, hash)
}
