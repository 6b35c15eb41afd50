import * as z from 'zod'
import { excerptOf } from '../domain/excerpt.ts'
import { compileJsonSchema } from '../domain/json/json-schema.ts'
import { invalidInput, json, optional } from '../domain/parse-input.ts'
import { stepsOf, type ToolCall, toolCallsOf, trajectoryIn } from '../domain/trajectory.ts'
import { type Builtin, judgement } from './builtin.ts'

const names = optional(z.array(z.string().min(1)).max(100), [])
const steps = optional(z.int().min(0).max(100_000), null)

/** Whether an agent called the tools that it had to, and none that it must not, with arguments and steps as they must be. */
export const trajectory: Builtin<'trajectory'> = {
  schema: z.strictObject({
    kind: z.literal('builtin'),
    type: z.literal('trajectory'),
    required: names,
    forbidden: names,
    ordered: names,
    arguments: optional(z.array(z.strictObject({ tool: z.string().min(1), schema: json })).max(20), []),
    minSteps: steps,
    maxSteps: steps,
  }),
  dataType: 'BOOLEAN',
  create(spec, at) {
    const { required, forbidden, ordered, minSteps, maxSteps } = spec
    const isEmpty = [required, forbidden, ordered, spec.arguments].every(({ length }) => length === 0)
    if (isEmpty && minSteps === null && maxSteps === null) {
      throw invalidInput(at, 'expected something that the trajectory must satisfy, such as required', {})
    }
    if (minSteps !== null && maxSteps !== null && minSteps > maxSteps) {
      throw invalidInput([...at, 'maxSteps'], `expected at least minSteps, ${minSteps}`, maxSteps)
    }
    const checks = spec.arguments.map(({ tool, schema }, index) => ({
      tool,
      check: compileJsonSchema(schema, [...at, 'arguments', String(index), 'schema']),
    }))
    return ({ output }) => {
      const messages = trajectoryIn(output)
      if (messages === null) {
        throw new Error(
          `The output has no trajectory: expected a list of messages in its member trajectory or messages, got ${excerptOf(output)}.`,
        )
      }
      const calls = toolCallsOf(messages)
      const called = calls.map(({ name }) => name)
      const made = stepsOf(messages)
      const violations = [
        ...required.filter((tool) => !called.includes(tool)).map((tool) => `${tool} was not called`),
        ...forbidden.filter((tool) => called.includes(tool)).map((tool) => `${tool} was called`),
        ...outOfOrder(ordered, called),
        ...checks.flatMap(({ tool, check }) => invalidArguments(calls, tool, check)),
        ...(minSteps !== null && made < minSteps ? [`${made} steps are fewer than ${minSteps}`] : []),
        ...(maxSteps !== null && made > maxSteps ? [`${made} steps are more than ${maxSteps}`] : []),
      ]
      if (violations.length === 0) return judgement(true)
      const shown = violations.slice(0, 10).join('; ')
      return judgement(false, `${shown.charAt(0).toUpperCase()}${shown.slice(1)}.`)
    }
  },
}

function outOfOrder(ordered: readonly string[], called: readonly string[]): string[] {
  let from = 0
  for (const tool of ordered) {
    const found = called.indexOf(tool, from)
    if (found === -1) {
      const order = ordered.join(', ')
      return [
        `the calls ${called.join(', ') || '(none)'} do not have ${order} in this order: no ${tool} after the others`,
      ]
    }
    from = found + 1
  }
  return []
}

function invalidArguments(
  calls: readonly ToolCall[],
  tool: string,
  check: ReturnType<typeof compileJsonSchema>,
): string[] {
  return calls
    .filter(({ name }) => name === tool)
    .flatMap((call) => {
      const violation = check(call.arguments)
      return violation
        ? [
            `${tool} was called with ${excerptOf(call.arguments)}, of which ${violation.at || 'the value'} ${violation.rule}`,
          ]
        : []
    })
}
