/** Rendered prompts as the messages of the SDK, with their files. */
import type { ModelMessage, SystemModelMessage } from 'ai'
import { maxAttachmentBytesOfCall } from '../domain/attachment/limits.ts'
import { TaskError } from '../domain/execution/task.ts'
import { fileIdsIn, type LoadedFile, toModelMessages } from '../domain/prompt/model-messages.ts'
import type { RenderedMessage } from '../domain/prompt/prompt.ts'

export type LoadFile = (id: string) => Promise<LoadedFile>

/** @throws {TaskError} INVALID_INPUT: attachments of more than 50 MB together, each as often as it is shown */
export async function modelMessages(
  messages: readonly RenderedMessage[],
  loadFile: LoadFile,
): Promise<{ instructions: SystemModelMessage[]; messages: ModelMessage[] }> {
  const files = new Map<string, LoadedFile>()
  let bytes = 0
  for (const id of fileIdsIn(messages)) {
    const file = files.get(id) ?? (await loadFile(id))
    files.set(id, file)
    bytes += file.data.length
    if (bytes > maxAttachmentBytesOfCall) {
      const message = 'Expected files of at most 50 MB together in one prompt, got more.'
      throw new TaskError('INVALID_INPUT', message, { retryable: false })
    }
  }
  return toModelMessages(messages, files)
}
