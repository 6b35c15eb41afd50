// Builds the client: JavaScript and types in the folders client and domain of dist, or of the folder that is given. They
// depend on no package but vitest, and that only in vitest.js.
import { spawnSync } from 'node:child_process'
import { globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const out = resolve(process.argv[2] ?? `${root}/dist`)
const folders = ['client', 'domain']

for (const folder of folders) rmSync(`${out}/${folder}`, { recursive: true, force: true })
const tsc = ['exec', '--no', '--', 'tsc', '-p', 'tsconfig.client.json', '--outDir', out]
const { status } = spawnSync('npm', tsc, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' })
if (status !== 0) process.exit(status ?? 1)

// The compiler leaves two things in declarations that a project without our sources and packages cannot resolve.
const decoration = `interface DocumentTypeDecoration<TResult, TVariables> {
    __apiType?: (variables: TVariables) => TResult;
}`
for (const file of globSync(`{${folders}}/**/*.d.ts`, { cwd: out })) {
  const text = readFileSync(`${out}/${file}`, 'utf8')
  const written = text
    .replace(/import type \{ DocumentTypeDecoration \} from '@graphql-typed-document-node\/core';/, decoration)
    .replaceAll(/((?:from |import\()["'][./][^"']*)\.ts(["'])/g, '$1.js$2')
  if (written !== text) writeFileSync(`${out}/${file}`, written)
}
