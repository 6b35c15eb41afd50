import { readFile } from 'node:fs/promises'
import { lexicographicSortSchema, printSchema } from 'graphql'
import { expect, test } from 'vitest'
import { possibleTypes, typePolicies, valueTypes } from '../../schema/client-files.ts'
import { schema } from '../../schema/index.ts'

test('the committed schema.graphql is up to date', async () => {
  const committed = await readFile(new URL('../../schema/schema.graphql', import.meta.url), 'utf8')
  expect(committed).toBe(`${printSchema(lexicographicSortSchema(schema))}\n`)
})

test.each([
  ['possibleTypes.json', possibleTypes],
  ['valueTypes.json', valueTypes],
  ['typePolicies.json', typePolicies],
])('the committed %s is up to date', async (name, derive) => {
  const committed = JSON.parse(await readFile(new URL(`../../schema/${name}`, import.meta.url), 'utf8'))
  expect(committed).toEqual(derive(schema))
})

test('no line of a description is longer than 120 columns', async () => {
  const committed = await readFile(new URL('../../schema/schema.graphql', import.meta.url), 'utf8')
  const descriptions = committed.match(/^ *"""[\s\S]*?"""$/gm) ?? []
  expect(descriptions.length).toBeGreaterThan(1_000)
  expect(descriptions.flatMap((text) => text.split('\n')).filter((line) => line.length > 120)).toEqual([])
})

test('everything in the schema has a description', () => {
  const undescribed: string[] = []
  for (const type of Object.values(schema.getTypeMap())) {
    if (type.name.startsWith('__')) continue
    if (!type.description) undescribed.push(type.name)
    if (!('getFields' in type)) continue
    for (const field of Object.values(type.getFields())) {
      if (!field.description) undescribed.push(`${type.name}.${field.name}`)
      for (const arg of 'args' in field ? field.args : []) {
        if (!arg.description) undescribed.push(`${type.name}.${field.name}(${arg.name}:)`)
      }
    }
  }
  expect(undescribed).toEqual([])
})
