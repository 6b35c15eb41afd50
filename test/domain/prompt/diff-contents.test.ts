import fc from 'fast-check'
import { expect, test } from 'vitest'
import { diffContents } from '../../../src/domain/prompt/diff-contents.ts'
import { type PromptMessage, promptRoles } from '../../../src/domain/prompt/prompt.ts'

const content = (messages: PromptMessage[]) => ({ messages, parameters: {}, tools: [], maxSteps: 1 })

test('no message of either is lost or out of order, and equal contents are the same', () => {
  const message = fc.record({ role: fc.constantFrom(...promptRoles), content: fc.constantFrom('a', 'b', 'c') })
  fc.assert(
    fc.property(fc.array(message), fc.array(message), (before, after) => {
      const { messages, same } = diffContents(content(before), content(after))
      expect(messages.flatMap((one) => one.before ?? [])).toEqual(before)
      expect(messages.flatMap((one) => one.after ?? [])).toEqual(after)
      for (const { kind, before, after } of messages) {
        if (kind === 'SAME') expect(before).toEqual(after)
        if (kind === 'CHANGED') expect(before?.role).toBe(after?.role)
      }
      expect(same).toBe(JSON.stringify(before) === JSON.stringify(after))
      expect(diffContents(content(before), content(before)).same).toBe(true)
    }),
  )
})
