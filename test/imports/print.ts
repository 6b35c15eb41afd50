/**
 * Prints which room imports which, with the number of imports, and within a room which of its folders import each
 * other. Exits with status 1 on an import cycle, including types, or on an import that violates the rules. `node
 * test/imports/print.ts [root]`, default this repository.
 */
import { fileURLToPath } from 'node:url'
import { findCircles, type Import, readImports } from './graph.ts'
import { findForbidden, roomOf, rules } from './rules.ts'

const root = process.argv[2] ?? fileURLToPath(new URL('../..', import.meta.url))
const imports = readImports(root, ['src', 'schema'])
const own = imports.filter(({ isPackage }) => !isPackage)

const rooms = edges(own, roomOf)
for (const room of Object.keys(rules)) {
  if (!own.some(({ from, to }) => roomOf(from) === room || roomOf(to) === room)) continue
  console.log(line(room, rooms.get(room)))
  const inside = own.filter(({ from, to }) => roomOf(from) === room && roomOf(to) === room)
  const folders = edges(
    inside.filter(({ from, to }) => folderOf(from) && folderOf(to)),
    folderOf,
  )
  for (const [folder, targets] of folders) console.log(`  ${line(folder, targets)}`)
}

const circles = findCircles(own)
const forbidden = findForbidden(imports, rules)
for (const knot of circles) {
  console.error(`\nModules import each other in a circle:\n${knot.map(describe).join('\n')}`)
}
if (forbidden.length > 0)
  console.error(`\nForbidden imports:\n${forbidden.map((problem) => `  ${problem}`).join('\n')}`)
console.log(`\nImports: ${own.length}, circles: ${circles.length}, forbidden: ${forbidden.length}`)
if (circles.length > 0 || forbidden.length > 0) process.exitCode = 1

/** The number of imports from each part to each other part. */
function edges(imports: readonly Import[], partOf: (path: string) => string): Map<string, Map<string, number>> {
  const edges = new Map<string, Map<string, number>>()
  for (const { from, to } of imports) {
    const [source, target] = [partOf(from), partOf(to)]
    if (source === target) continue
    const targets = edges.get(source) ?? new Map<string, number>()
    edges.set(source, targets.set(target, (targets.get(target) ?? 0) + 1))
  }
  return edges
}

/** The folder of a file within its room; empty if it is directly in the room. */
function folderOf(path: string): string {
  return path
    .split('/')
    .slice(path.startsWith('src/') ? 2 : 1, -1)
    .join('/')
}

function line(part: string, targets: ReadonlyMap<string, number> = new Map()): string {
  const sorted = [...targets].sort(([a], [b]) => (a < b ? -1 : 1))
  return targets.size === 0 ? part : `${part} → ${sorted.map(([target, count]) => `${target} ${count}`).join(', ')}`
}

function describe({ from, to, isType }: Import): string {
  return `  ${from} → ${to}${isType ? ' (type)' : ''}`
}
