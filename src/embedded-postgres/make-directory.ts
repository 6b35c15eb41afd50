import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Like mkdir with `recursive`, which never returns if a parent exists that cannot have children, as in /proc.
 * @param mode of what is made; default: what the process allows
 */
export async function makeDirectory(path: string, mode = 0o777): Promise<void> {
  const make = () =>
    mkdir(path, { mode }).catch((error: NodeJS.ErrnoException) => {
      // Another process may have been first.
      if (error.code !== 'EEXIST') throw error
    })
  await make().catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' || dirname(path) === path) throw error
    await makeDirectory(dirname(path), mode)
    await make()
  })
}
