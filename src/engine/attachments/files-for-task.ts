import type { Queryable } from '../../db/client.ts'
import { loadAttachments } from '../../db/sql/attachment/load.ts'
import type { AttachmentRow } from '../../db/sql/attachment/store.ts'
import { maxAttachmentBytesOfCall } from '../../domain/attachment/limits.ts'
import { mapReferences, referencesIn } from '../../domain/attachment/references.ts'
import { type Task, type TaskCall, TaskError, type TaskItem } from '../../domain/execution/task.ts'
import type { Json } from '../../domain/json/json.ts'
import type { ProjectScope } from '../../domain/scope.ts'
import type { LoadFile } from '../../models/model-messages.ts'
import { attachmentRawId, findAttachment, wholeAttachment } from './load-attachment.ts'

/**
 * A task whose input has, in place of each reference to an attachment, the file as
 * `{"$file", "mediaType", "filename", "url"}` with a data URL: whatever process or machine the task runs on, it needs no
 * key to read it.
 * @throws {TaskError} INVALID_INPUT: a file that does not exist any more, or more than 50 MB together
 */
export function withFiles(task: Task, db: Queryable, scope: ProjectScope): Task {
  const withItsFiles = async (ids: string[], item: TaskItem, context: TaskCall) => {
    const files = new Map<string, Json>()
    for (const [$file, file] of await findAll(db, scope, ids)) {
      const { mediaType, filename } = file
      const data = await wholeAttachment(db, file)
      context.signal.throwIfAborted()
      const url = `data:${mediaType.replaceAll(' ', '')};base64,${data.toString('base64')}`
      files.set($file, { $file, mediaType, filename, url })
    }
    return task({ ...item, input: mapReferences(item.input, (id) => files.get(id) ?? null) }, context)
  }
  const withAny: Task = (item, context) => {
    const ids = referencesIn(item.input)
    return ids.length === 0 ? task(item, context) : withItsFiles(ids, item, context)
  }
  return Object.assign(withAny, task.keepsTime && { keepsTime: task.keepsTime })
}

/** Loads the files that a prompt shows. @throws {TaskError} INVALID_INPUT: the file does not exist any more */
export function fileLoader(db: Queryable, scope: ProjectScope): LoadFile {
  return async (id) => {
    const file = await findAttachment(db, scope, id)
    if (!file) throw missing(id)
    return { data: await wholeAttachment(db, file), mediaType: file.mediaType }
  }
}

async function findAll(db: Queryable, { projectId }: ProjectScope, ids: string[]): Promise<Map<string, AttachmentRow>> {
  const known = ids.map((id) => attachmentRawId(id)).filter((id) => id !== null)
  const rows = new Map((await loadAttachments(db, projectId, known)).map((row) => [row.id, row]))
  const files = ids.map((id) => {
    const file = rows.get(attachmentRawId(id) ?? '')
    if (!file) throw missing(id)
    return [id, file] as const
  })
  const bytes = files.reduce((sum, [, file]) => sum + file.bytes, 0)
  if (bytes > maxAttachmentBytesOfCall) {
    const got = `${(bytes / 1024 / 1024).toFixed(1)} MB`
    throw invalid(`Expected files of at most 50 MB together in one item, got ${got}.`)
  }
  return new Map(files)
}

function missing(id: string): TaskError {
  return invalid(`The item refers to the file ${id}, which does not exist in this project.`)
}

function invalid(message: string): TaskError {
  return new TaskError('INVALID_INPUT', message, { retryable: false })
}
