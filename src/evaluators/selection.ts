import * as z from 'zod'
import type { EvaluationInput } from '../domain/evaluation.ts'
import { excerptOf } from '../domain/excerpt.ts'
import type { Json } from '../domain/json/json.ts'
import { compileJsonPath, isHeavyPath } from '../domain/json/json-path.ts'
import { invalidInput, optional } from '../domain/parse-input.ts'
import { type Judge, type Judgement, judgement } from './builtin.ts'
import { structureOf } from './reading.ts'

/** The options that choose what is compared. */
export const outputSelection = { outputPath: optional(z.string(), null) }
export const selection = { ...outputSelection, expectedPath: optional(z.string(), null) }

type Select = (item: EvaluationInput) => Json | undefined

/** An evaluator of the output alone. If the path finds nothing, the score is 0. */
export function ofOutput(
  spec: { outputPath: string | null },
  at: readonly string[],
  judge: (output: Json) => Judgement,
): Judge {
  const selectOutput = outputOf(spec, at)
  return (item) => {
    const output = selectOutput(item)
    return output === undefined ? judgement(0, `The output has nothing at ${spec.outputPath}.`) : judge(output)
  }
}

/**
 * An evaluator that compares output and expected output. It does not apply to items without an expected output; one that
 * has nothing at `expectedPath` is an error. If the output has nothing at `outputPath`, the score is 0.
 */
export function comparing(
  spec: Paths,
  at: readonly string[],
  compare: (output: Json, expected: Json) => Judgement,
): Judge {
  const select = selectionOf(spec, at)
  return (item) => {
    const selected = select(item)
    if (selected === null) return null
    const { output, expected } = selected
    return output === undefined
      ? judgement(0, `The output has nothing at ${spec.outputPath}.`)
      : compare(output, expected)
  }
}

interface Paths {
  outputPath: string | null
  expectedPath: string | null
}

/**
 * What is compared: undefined for an output that has nothing there, null for an item without an expected output.
 * @throws {InvalidInputError} a path that is none; the selection throws where the expected output has nothing there
 */
export function selectionOf(
  spec: Paths,
  at: readonly string[],
): (item: EvaluationInput) => { output: Json | undefined; expected: Json } | null {
  const selectOutput = outputOf(spec, at)
  const selectExpected = expectedOf(spec, at)
  return (item) => {
    const expected = selectExpected(item)
    return expected === undefined ? null : { output: selectOutput(item), expected }
  }
}

/** For evaluators that select in their own process. @throws {InvalidInputError} a path that may take long */
export function requireLight(spec: Paths, at: readonly string[]): void {
  for (const member of ['outputPath', 'expectedPath'] as const) {
    const path = spec[member]
    if (path === null || !isHeavyPath(path)) continue
    throw invalidInput([...at, member], 'expected a JSONPath without filters, commas and more than one ..', path)
  }
}

function outputOf({ outputPath }: { outputPath: string | null }, at: readonly string[]): Select {
  if (outputPath === null) return (item) => item.output
  const select = compileJsonPath(outputPath, [...at, 'outputPath'])
  return (item) => select(structureOf(item.output))
}

function expectedOf({ expectedPath }: { expectedPath: string | null }, at: readonly string[]): Select {
  if (expectedPath === null) return (item) => item.expectedOutput ?? undefined
  const select = compileJsonPath(expectedPath, [...at, 'expectedPath'])
  return ({ expectedOutput }) => {
    if (expectedOutput === null) return undefined
    const found = select(structureOf(expectedOutput))
    if (found === undefined) {
      throw new Error(`The expected output has nothing at ${expectedPath}: ${excerptOf(expectedOutput)}.`)
    }
    return found
  }
}
