/** What the functions of a config consist of: its files and those of the packages that it imports. */
import { hash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/**
 * The contents of a config file and of every file that importing it needs, without Assay's own: what Assay imports is the
 * project's only where the project imports it too. What a function imports or reads when it is called is not among them.
 */
export class ConfigSources {
  /** By URL. */
  readonly #hashes = new Map<string, string>()

  /** @param config its URL */
  constructor(config: string) {
    this.#add(config)
  }

  /** Takes note of an import. @param parent the URL of the module that imports */
  note(url: string, parent: string | undefined): void {
    if (parent === undefined || !this.#hashes.has(parent)) return
    if (!url.startsWith('file:') || isOwn(url)) return
    this.#add(url)
    // The rest of a package that this process has loaded before is not imported again: its version stands for it.
    const manifest = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+\//.exec(url)?.[0].concat('package.json')
    if (manifest !== undefined && existsSync(fileURLToPath(manifest))) this.#add(manifest)
  }

  /** Of the contents without their paths: the same files are the same functions on every machine. */
  get hash(): string {
    return hash('sha256', [...this.#hashes.values()].sort().join())
  }

  #add(url: string): void {
    if (!this.#hashes.has(url)) this.#hashes.set(url, hash('sha256', readFileSync(fileURLToPath(url))))
  }
}

function isOwn(url: string): boolean {
  return url.startsWith(ownFolder) || url.includes('/node_modules/assay/')
}

const ownFolder = new URL('..', import.meta.url).href
