/**
 * The imports between modules, including types, read from the syntax: `import`, `export … from`, `import()`, and types
 * written as `import('…')`.
 */
import { globSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { alg, Graph } from '@dagrejs/graphlib'
import { parseSync, Visitor } from 'oxc-parser'

export interface Import {
  /** Path of the importing module, from the root. */
  from: string
  /** Path of the imported module, or the specifier of a package. */
  to: string
  isPackage: boolean
  /** It is erased before the module runs. */
  isType: boolean
}

/**
 * The imports of all modules below these folders of the root, sorted by path. Generated code counts only as imported.
 */
export function readImports(root: string, folders: readonly string[]): Import[] {
  const modules = globSync(
    folders.map((folder) => `${folder}/**/*.{ts,tsx,mjs}`),
    { cwd: root, exclude: ['**/generated/**', '**/gql/**'] },
  )
  return modules
    .map((path) => path.replaceAll('\\', '/'))
    .sort()
    .flatMap((from) =>
      importsOf(join(root, from)).map(({ specifier, isType }) => {
        const isPackage = !specifier.startsWith('.')
        return { from, to: isPackage ? specifier : posix.join(posix.dirname(from), specifier), isPackage, isType }
      }),
    )
}

/** Import cycles: each entry is one strongly connected component, with the imports within it. */
export function findCircles(imports: readonly Import[]): Import[][] {
  const graph = new Graph()
  for (const { from, to } of imports) graph.setEdge(from, to)
  return alg
    .findCycles(graph)
    .map((modules) => imports.filter(({ from, to }) => modules.includes(from) && modules.includes(to)))
}

/** A computed import() is not detected. @throws {Error} for a module that cannot be parsed */
function importsOf(path: string): { specifier: string; isType: boolean }[] {
  const { program, errors } = parseSync(path, readFileSync(path, 'utf8'))
  if (errors.length > 0) throw new Error(`${path}: ${errors.map(({ message }) => message).join('; ')}`)
  const imports: { specifier: string; isType: boolean }[] = []
  const add = (source: object | null, isType: boolean) => {
    if (source && 'value' in source && typeof source.value === 'string')
      imports.push({ specifier: source.value, isType })
  }
  new Visitor({
    ImportDeclaration: ({ source, importKind }) => add(source, importKind === 'type'),
    ExportNamedDeclaration: ({ source, exportKind }) => add(source, exportKind === 'type'),
    ExportAllDeclaration: ({ source, exportKind }) => add(source, exportKind === 'type'),
    ImportExpression: ({ source }) => add(source, false),
    TSImportType: ({ source }) => add(source, true),
  }).visit(program)
  return imports
}
