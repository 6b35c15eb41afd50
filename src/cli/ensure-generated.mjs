// Generates what `npm run generate` does, when it is missing or older than what it is made from. Imported before anything that
// needs it, so that npm scripts are single commands: a shell between npm and us would die of Ctrl-C before we have stopped.
import { spawnSync } from 'node:child_process'
import { globSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const changed = (file) => statSync(`${root}/${file}`, { throwIfNoEntry: false })?.mtimeMs ?? 0

const madeFrom = ['prisma/schema.prisma', 'schema/schema.graphql', 'codegen.ts', 'package.json']
const operations = globSync(['src/cli/*.ts', 'examples/*/*.ts'], { cwd: root })
const newest = Math.max(...[...madeFrom, ...operations].map(changed))

// Prisma writes its file anew every time; the other is left alone when nothing in it changes.
if (changed('src/cli/gql/gql.ts') === 0 || changed('src/db/generated/prisma/client.ts') < newest) {
  const { status, stdout, stderr, error } = spawnSync('npm', ['run', '--silent', 'generate'], {
    cwd: root,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  })
  if (status !== 0) {
    process.stderr.write(`npm run generate failed: ${error?.message ?? ''}\n${stdout}${stderr}`)
    process.exit(1)
  }
}
