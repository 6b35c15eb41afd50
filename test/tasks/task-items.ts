import type { Modules } from '../../src/domain/execution/modules.ts'
import type { TaskContext, TaskItem } from '../../src/domain/execution/task.ts'

export const noModules: Modules = { tasks: new Map(), evaluators: new Map() }

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

export function taskContext(signal: AbortSignal = new AbortController().signal): TaskContext {
  return { signal, traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' }
}
