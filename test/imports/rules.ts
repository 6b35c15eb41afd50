/** Which room may import which. A room is a folder of `src/`, a module directly in it, or `schema`. */
import type { Import } from './graph.ts'

export interface Rule {
  /** Rooms, besides itself. */
  imports: readonly string[]
  /** Rooms of which it may import types. */
  types?: readonly string[]
  /** Whether it may import packages of GraphQL; default: no. */
  graphql?: true
}

export type Rules = Readonly<Record<string, Rule>>

const belowServer = ['domain', 'db', 'telemetry', 'models', 'tasks', 'evaluators', 'engine', 'feed', 'schema']

export const rules: Rules = {
  domain: { imports: [] },
  'embedded-postgres': { imports: [] },
  db: { imports: ['domain'] },
  telemetry: { imports: ['domain'] },
  models: { imports: ['domain'] },
  calculations: { imports: ['domain'] },
  tasks: { imports: ['models', 'domain', 'calculations'] },
  evaluators: { imports: ['tasks', 'models', 'domain', 'calculations'] },
  'define-config': { imports: ['domain'], types: ['tasks'] },
  'define-experiment': { imports: [], types: ['cli'] },
  index: { imports: ['define-config', 'define-experiment', 'domain'], types: ['tasks'] },
  'function-hosts': { imports: ['tasks', 'evaluators', 'models', 'domain', 'define-config', 'index'] },
  engine: { imports: ['db', 'telemetry', 'tasks', 'evaluators', 'models', 'domain', 'calculations'] },
  feed: { imports: ['engine', 'db', 'telemetry', 'domain'] },
  schema: { imports: ['engine', 'feed', 'db', 'domain'], graphql: true },
  server: { imports: belowServer, graphql: true },
  cli: {
    imports: [
      ...belowServer,
      'server',
      'function-hosts',
      'embedded-postgres',
      'define-config',
      'define-experiment',
      'client',
      'mcp',
      'importers',
      'schema/experiment-file.json',
      'package.json',
    ],
    graphql: true,
  },
  // What both sides must do alike, without packages: the client is built with it.
  client: { imports: ['domain'], graphql: true },
  mcp: { imports: ['client'], graphql: true },
  importers: { imports: ['client', 'domain'], graphql: true },
  package: { imports: [] },
  // What a cache must know of the types is in generated files of the schema.
  dashboard: { imports: ['schema/possibleTypes.json', 'schema/valueTypes.json'], types: ['client'], graphql: true },
}

/** The room of a file, by its path from the root; files outside of `src/` belong to their first folder, data is its own. */
export function roomOf(path: string): string {
  if (path.endsWith('.json')) return path
  const [top = '', second] = path.split('/')
  return top === 'src' && second ? second.replace(/\.ts$/, '') : top
}

/** The violations, one sentence each. */
export function findForbidden(imports: readonly Import[], rules: Rules): string[] {
  return imports.flatMap(({ from, to, isPackage, isType }) => {
    const room = roomOf(from)
    const rule = rules[room]
    if (!rule) return [`${from}: there is no rule for what ${room} may import`]
    const { imports: rooms, types = [], graphql = false } = rule
    if (isPackage) return isGraphql(to) && !graphql ? [`${from} → ${to}: ${room} does not know GraphQL`] : []
    const target = roomOf(to)
    if (target === room || rooms.includes(target) || (isType && types.includes(target))) return []
    const allowed = [...rooms, ...types.map((type) => `types of ${type}`)].join(', ')
    return [`${from} → ${to}: ${room} may import ${allowed ? `only ${allowed}` : 'nothing of ours'}`]
  })
}

function isGraphql(specifier: string): boolean {
  return /^(@pothos|@?graphql[^/]*)($|\/)/.test(specifier)
}
