import type { Modules } from '../../src/domain/execution/modules.ts'
import type { TaskCall, TaskItem } from '../../src/domain/execution/task.ts'
import { LocalFunctions } from '../../src/function-hosts/local-functions.ts'

export const noModules: Modules = { tasks: new Map(), evaluators: new Map() }
export const noFunctions = new LocalFunctions(noModules, 'test')

export function taskItem(parts: Partial<TaskItem> = {}): TaskItem {
  return {
    id: '7',
    key: 'seven',
    input: { question: 'How much is 6 * 7?' },
    expectedOutput: 'SECRET 42',
    metadata: { lang: 'en' },
    tags: ['math'],
    repetition: 0,
    attempt: 1,
    ...parts,
  }
}

export function taskContext(signal: AbortSignal = new AbortController().signal): TaskCall {
  return { timeoutMs: 5_000, signal, traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' }
}
