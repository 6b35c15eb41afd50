/** The blocks of docs/graphql-clients.md, as files that can be imported. */
import { execFile } from 'node:child_process'
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { root } from '../helpers/spawn-assay.ts'

const page = await readFile(join(root, 'docs/graphql-clients.md'), 'utf8')

/** The text of every block by the name in the line above it. */
export const blocks = new Map(
  [...page.matchAll(/^`([\w.-]+)`:\n\n```\w+\n([\s\S]*?)^```$/gm)].map(([, name = '', text = '']) => [name, text]),
)

/** How many blocks the page has, with or without a name. */
export const fences = page.match(/^```\w+$/gm)?.length

export function block(name: string): string {
  const text = blocks.get(name)
  if (text === undefined) throw new Error(`docs/graphql-clients.md has no block ${name}`)
  return text
}

/**
 * Writes all blocks, and beside them the files that the page says to copy.
 * @param name of the folder, one for each test file: they run at the same time
 */
export async function extractRecipes(name: string): Promise<string> {
  const folder = join(import.meta.dirname, 'generated', name)
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  for (const [name, text] of blocks) await writeFile(join(folder, name), text)
  for (const name of ['possibleTypes.json', 'valueTypes.json', 'typePolicies.json', 'schema.graphql'])
    await copyFile(join(root, 'schema', name), join(folder, name))
  await promisify(execFile)(process.execPath, ['introspect.ts'], { cwd: folder })
  return folder
}

/** Imports a file that exists only once it is extracted. */
export async function importRecipe<Module>(folder: string, name: string): Promise<Module> {
  return import(/* @vite-ignore */ join(folder, name))
}

export async function writeRecipe(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, text)
}
