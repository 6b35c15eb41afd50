/**
 * How the modules of a project are found and read, as the tools of its kind do it: without extensions, by the name that a
 * TypeScript module has once it is compiled, and as an ES module wherever it has the syntax of one. Node itself wants full
 * names, and goes by the `type` of package.json.
 */
import { existsSync, readFileSync, statSync } from 'node:fs'
import type { ResolveFnOutput } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'

const extensions = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs', '.json']
const compiled: Record<string, string> = { '.js': '.ts', '.mjs': '.mts', '.cjs': '.cts' }

/** As Node resolves a specifier; what it does not find is looked for under the other names that it can have. */
export function resolveModule(
  specifier: string,
  parentUrl: string | undefined,
  resolve: () => ResolveFnOutput,
): ResolveFnOutput {
  try {
    return resolve()
  } catch (error) {
    const url = findModule(specifier, parentUrl)
    if (url === null) throw error
    return { url, shortCircuit: true }
  }
}

function findModule(specifier: string, parentUrl: string | undefined): string | null {
  if (!/^\.{1,2}(\/|$)/.test(specifier) || !parentUrl?.startsWith('file:')) return null
  const path = fileURLToPath(new URL(specifier, parentUrl))
  const [, base = '', extension = ''] = /^(.*?)(\.[cm]?js)?$/s.exec(path) ?? []
  const source = compiled[extension]
  const candidates = [
    ...(source ? [`${base}${source}`] : []),
    ...extensions.map((one) => `${path}${one}`),
    ...extensions.map((one) => `${path}/index${one}`),
  ]
  const found = candidates.find((candidate) => existsSync(candidate) && statSync(candidate).isFile())
  return found === undefined ? null : pathToFileURL(found).href
}

const moduleSyntax = /^\s*(?:import\b(?!\s*\()|export\b)/m

/** A TypeScript file of the project with `import` or `export` is an ES module, also where package.json says CommonJS. */
export function withFormat(resolved: ResolveFnOutput): ResolveFnOutput {
  const { url } = resolved
  if (!url.startsWith('file:') || !url.endsWith('.ts') || url.includes('/node_modules/')) return resolved
  return moduleSyntax.test(readFileSync(fileURLToPath(url), 'utf8'))
    ? { ...resolved, format: 'module-typescript' }
    : resolved
}
