// Generates the database client and the typed GraphQL operations if they are missing or outdated, or with `--always`;
// silent unless it fails. Imported before anything that needs them, so that npm scripts are single commands: a shell
// between npm and us would be killed by Ctrl-C before we have stopped.
import { spawnSync } from 'node:child_process'
import { globSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const changed = (file) => statSync(`${root}/${file}`, { throwIfNoEntry: false })?.mtimeMs ?? 0

const sources = ['prisma/schema.prisma', 'schema/schema.graphql', 'codegen.ts', 'package.json']
const operations = globSync(
  [
    'src/cli/**/*.ts',
    'examples/*/*.ts',
    'src/client/operations/*.ts',
    'src/{mcp,importers}/operations.ts',
    'src/dashboard/**/*.{ts,tsx}',
  ],
  { cwd: root, exclude: ['src/cli/gql/**', 'src/dashboard/gql/**'] },
)
const newest = Math.max(...[...sources, ...operations].map(changed))

// Prisma rewrites its files every time; graphql-codegen leaves its file alone when nothing changes.
const writtenByPrisma = ['src/db/generated/prisma/client.ts', 'schema/generated/prisma-types.ts']
const typed = [
  'src/cli/gql/gql.ts',
  'src/dashboard/gql/gql.ts',
  'src/client/gql/gql.ts',
  'src/mcp/gql/gql.ts',
  'src/importers/gql/gql.ts',
]
const missing = typed.some((file) => changed(file) === 0)
const stale = missing || Math.min(...writtenByPrisma.map(changed)) < newest
if (stale || process.argv.includes('--always')) {
  run('prisma generate --no-hints')
  run('graphql-codegen')
}

/** Runs a command of an installed package. */
function run(command) {
  const { status, stdout, stderr, error } = spawnSync('npm', ['exec', '--no', '--', ...command.split(' ')], {
    cwd: root,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  })
  if (status === 0) return
  process.stderr.write(`${command} failed: ${error?.message ?? ''}\n${stdout}${stderr}`)
  process.exit(1)
}
