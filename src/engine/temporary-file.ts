import { randomUUID } from 'node:crypto'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Calls `use` with a new file that only this user can read, which is deleted afterwards. */
export async function withTemporaryFile<T>(use: (file: FileHandle, path: string) => Promise<T>): Promise<T> {
  const path = join(tmpdir(), `assay-${randomUUID()}`)
  const file = await open(path, 'wx+', 0o600)
  try {
    return await use(file, path)
  } finally {
    await file.close()
    await rm(path, { force: true })
  }
}
