import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'

/** Gives the tests of a file a directory for temporary files in which there is nothing else. */
export async function useOwnTmpdir(): Promise<void> {
  const { TMPDIR } = process.env
  const own = await mkdtemp(join(tmpdir(), 'assay-'))
  process.env.TMPDIR = own
  afterAll(async () => {
    if (TMPDIR === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = TMPDIR
    await rm(own, { recursive: true })
  })
}
