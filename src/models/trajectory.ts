import type { StepResult, ToolSet } from 'ai'
import type { Json } from '../domain/json/json.ts'
import { toJson } from '../domain/json/to-json.ts'

/** A message of what a model did to come to its answer, in the form that evaluators get. */
type TrajectoryMessage =
  | { role: 'assistant'; content: string; toolCalls: { id: string; name: string; arguments: Json }[] }
  | { role: 'tool'; id: string; name: string; result: Json }
  | { role: 'tool'; id: string; name: string; error: string }

export function trajectoryOf(steps: readonly StepResult<ToolSet>[]): TrajectoryMessage[] {
  return steps.flatMap(({ text, toolCalls, content }): TrajectoryMessage[] => [
    {
      role: 'assistant',
      content: text,
      toolCalls: toolCalls.map((call) => ({
        id: call.toolCallId,
        name: call.toolName,
        arguments: toJson(call.input ?? null),
      })),
    },
    ...content.flatMap((part): TrajectoryMessage[] => {
      if (part.type === 'tool-result') {
        const result = toJson(part.output ?? null)
        return [{ role: 'tool', id: part.toolCallId, name: part.toolName, result }]
      }
      if (part.type !== 'tool-error') return []
      const error = part.error instanceof Error ? part.error.message : String(part.error)
      return [{ role: 'tool', id: part.toolCallId, name: part.toolName, error }]
    }),
  ])
}
