/** docs/graphql-clients.md: its blocks are complete, typed and valid, and its files say what the schema says. */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { generate } from '@graphql-codegen/cli'
import { buildSchema, isObjectType, parse, validate } from 'graphql'
import { beforeAll, expect, test } from 'vitest'
import { schema } from '../../schema/index.ts'
import { root } from '../helpers/spawn-assay.ts'
import { block, blocks, extractRecipes, fences, writeRecipe } from './recipes.ts'

let folder: string
beforeAll(async () => {
  folder = await extractRecipes('page')
})

const readJson = async (name: string) => JSON.parse(await readFile(join(root, 'schema', name), 'utf8'))
const objectTypes = Object.values(schema.getTypeMap())
  .filter(isObjectType)
  .filter(({ name }) => !name.startsWith('__'))

test('every block has a name', () => {
  expect(blocks.size).toBe(fences)
  expect(blocks.size).toBeGreaterThan(5)
})

test('every TypeScript block passes the type checker', async () => {
  const tsconfig = { extends: join(root, 'tsconfig.json'), include: ['*.ts'], exclude: [] }
  await writeRecipe(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig))
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const { stdout } = await promisify(execFile)(process.execPath, [tsc, '-p', folder]).catch((error) => error)
  expect(stdout).toBe('')
})

test('the operations are valid', () => {
  expect(validate(schema, parse(block('operations.graphql')))).toEqual([])
})

test('GraphQL Code Generator types the operations', async () => {
  const { default: config } = await import(/* @vite-ignore */ join(folder, 'codegen.ts'))
  const files = await generate({ ...config, cwd: folder, silent: true }, false)
  const types = files.find(({ filename }: { filename: string }) => filename.endsWith('gql/graphql.ts'))
  expect(types.content).toContain('export type FollowRunSubscriptionSubscription')
})

test('normalisation is off for the types without id, and for no other', async () => {
  const values = new Set<string>(await readJson('valueTypes.json'))
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]
  for (const type of objectTypes) {
    if (roots.includes(type)) expect(values.has(type.name), type.name).toBe(false)
    else expect(values.has(type.name), type.name).toBe(!('id' in type.getFields()))
  }
  const policies = await readJson('typePolicies.json')
  for (const { name } of objectTypes) expect(policies[name]?.merge ?? false, name).toBe(values.has(name))
  expect(Object.keys(policies).every((name) => schema.getType(name))).toBe(true)
})

test('the possible types are those of the schema', async () => {
  const possible: Record<string, string[]> = await readJson('possibleTypes.json')
  const introspected = buildSchema(await readFile(join(root, 'schema/schema.graphql'), 'utf8'))
  expect(possible.UserError).toContain('ConflictError')
  for (const { name } of objectTypes) {
    const found = introspected.getType(name)
    const interfaces = isObjectType(found) ? found.getInterfaces() : []
    for (const { name: parent } of interfaces) expect(possible[parent]).toContain(name)
  }
})
