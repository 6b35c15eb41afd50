/** Loads `assay.config.ts`, the functions of the project under test. Node runs it directly, by type stripping. */
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { registerHooks } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { modulesOf } from '../define-config.ts'
import { InvalidInputError } from '../domain/errors.ts'
import type { Modules } from '../domain/execution/modules.ts'
import { type CodePlace, placeOf } from './config-error-place.ts'
import { ConfigSources } from './config-sources.ts'
import { resolveModule, withFormat } from './project-modules.ts'

const names = ['assay.config.ts', 'assay.config.mts', 'assay.config.js', 'assay.config.mjs']

/** An invalid configuration; the message begins with the file and, if known, the line. */
export class ConfigError extends Error {
  readonly place: CodePlace

  constructor(place: CodePlace, what: string, cause?: unknown) {
    super(`${place.file}${place.line === null ? '' : `:${place.line}`}: ${what}`, { cause })
    this.name = 'ConfigError'
    this.place = place
  }
}

interface LoadedConfig {
  modules: Modules
  /** Of its {@link ConfigSources}. */
  hash: string
}

/**
 * The config file's real path, by which Node names it in errors; null when the folder has none.
 * @param target a config file, which must exist, or a folder, which may have one; null is the current folder
 * @throws {ConfigError}
 */
export function findConfig(target: string | null = null): string | null {
  const found = locate(path.resolve(target ?? '.'))
  return found === null ? null : realpathSync(found)
}

function locate(target: string): string | null {
  if (!existsSync(target)) throw new ConfigError({ file: target, line: null }, 'expected a config file, got nothing.')
  if (!statSync(target).isDirectory()) return target
  return names.map((name) => path.join(target, name)).find((file) => existsSync(file)) ?? null
}

/**
 * Imports a config into this process.
 * @param file as {@link findConfig} returns it
 * @throws {ConfigError}
 */
export async function loadConfig(file: string): Promise<LoadedConfig> {
  const sources = new ConfigSources(pathToFileURL(file).href)
  const modules = await importModules(file, (url, parent) => sources.note(url, parent))
  return { modules, hash: sources.hash }
}

type NoteImport = (url: string, parent: string | undefined) => void

async function importModules(file: string, onImport: NoteImport): Promise<Modules> {
  const config = await importDefault(file, onImport)
  try {
    return modulesOf(config)
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error
    throw new ConfigError({ file, line: lineOfExport(file) }, error.message, error)
  }
}

/**
 * The default export of a module of the project, which imports `assay` from here.
 * @param file its real path
 * @param onImport gets the URL of every module that is imported, and of the one that imports it
 * @throws {ConfigError}
 */
export async function importDefault(file: string, onImport: NoteImport = () => {}): Promise<unknown> {
  const url = pathToFileURL(file).href
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      // 'assay' always resolves to the running one: a project needs no installed copy and never gets a second one.
      if (specifier === 'assay') return { url: ownEntry, shortCircuit: true }
      const resolved = withFormat(resolveModule(specifier, context.parentURL, () => next(specifier, context)))
      onImport(resolved.url, context.parentURL)
      return resolved
    },
  })
  try {
    return (await import(url)).default
  } catch (error) {
    throw new ConfigError(placeOf(error, file), describeFailure(error), error)
  } finally {
    hooks.deregister()
  }
}

const ownEntry = new URL('../index.ts', import.meta.url).href

function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return `threw ${String(error)}`
  // An InvalidInputError comes from defineConfig and speaks for itself; for everything else the kind of error helps.
  return error instanceof InvalidInputError ? error.message : `${error.name}: ${error.message}`
}

function lineOfExport(file: string): number | null {
  const index = readFileSync(file, 'utf8')
    .split('\n')
    .findIndex((line) => /^\s*(export default|module\.exports)\b/.test(line))
  return index === -1 ? null : index + 1
}
