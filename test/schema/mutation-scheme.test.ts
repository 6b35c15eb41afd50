/** Every mutation follows the scheme of docs/graphql.md, checked over introspection. */
import { readFile } from 'node:fs/promises'
import {
  type GraphQLInputObjectType,
  type GraphQLObjectType,
  getNamedType,
  isInputObjectType,
  isNonNullType,
  isNullableType,
  isObjectType,
  isRequiredInputField,
  isUnionType,
} from 'graphql'
import { describe, expect, test } from 'vitest'
import { schema } from '../../schema/index.ts'

const mutations = Object.values(schema.getMutationType()?.getFields() ?? {})
const userError = schema.getType('UserError')
const always = ['ForbiddenError', 'InvalidInputError']

/** How often the fields, arguments and unions of the whole schema name each type. */
const uses = new Map<string, number>()
const count = (name: string) => void uses.set(name, (uses.get(name) ?? 0) + 1)
for (const type of Object.values(schema.getTypeMap())) {
  if (isUnionType(type)) for (const member of type.getTypes()) count(member.name)
  if (!('getFields' in type)) continue
  for (const field of Object.values(type.getFields())) {
    count(String(getNamedType(field.type)))
    if ('args' in field) for (const arg of field.args) count(String(getNamedType(arg.type)))
  }
}

const typesOf = (name: string) => {
  const prefix = `${name.charAt(0).toUpperCase()}${name.slice(1)}`
  return {
    input: schema.getType(`${prefix}Input`) as GraphQLInputObjectType,
    payload: schema.getType(`${prefix}Payload`) as GraphQLObjectType,
    result: `${prefix}Result`,
  }
}

test('there are mutations', () => {
  expect(mutations.length).toBeGreaterThan(25)
})

describe.each(mutations.map((field) => [field.name, field] as const))('%s', (name, field) => {
  const { input, payload, result } = typesOf(name)

  test('is named verbNoun(input: VerbNounInput!): VerbNounResult!', () => {
    expect(name).toMatch(/^[a-z]+([A-Z][a-z]*)+$/)
    expect(field.args.map((arg) => `${arg.name}: ${arg.type}`)).toEqual([`input: ${input}!`])
    expect(String(field.type)).toBe(`${result}!`)
    expect(isInputObjectType(input) && isObjectType(payload)).toBe(true)
  })

  test('returns its payload or errors, among them those that every mutation can return', () => {
    const union = getNamedType(field.type)
    if (!isUnionType(union)) throw new Error(`${name} does not return a union`)
    const [errors, others] = [true, false].map((wanted) =>
      union.getTypes().filter((member) => member.getInterfaces().some((one) => one === userError) === wanted),
    )
    expect(others).toEqual([payload])
    expect(errors?.map((error) => error.name)).toEqual(expect.arrayContaining(always))
  })

  test('shares its types with no other', () => {
    expect([input.name, payload.name, result].map((type) => uses.get(type))).toEqual([1, 1, 1])
  })

  test('takes lists without nulls', () => {
    for (const { type } of Object.values(input.getFields())) expect(String(type)).not.toMatch(/[^!]\]/)
  })

  if (name.startsWith('update')) {
    test('needs nothing but the id, and has no default that could stand for null or an omitted field', () => {
      const fields = Object.values(input.getFields())
      expect(fields.filter(isRequiredInputField).map((one) => one.name)).toEqual(['id'])
      expect(fields.filter((one) => one.name !== 'id').every((one) => isNullableType(one.type))).toBe(true)
      expect(fields.filter((one) => one.defaultValue !== undefined)).toEqual([])
    })
  }

  if (/^(create|update|set|delete|approve|remove|cancel|resume|revoke|upsert|archive|restore|start)/.test(name)) {
    test('returns what it changed', () => {
      const [first] = Object.values(payload.getFields())
      expect(first && isNonNullType(first.type)).toBe(true)
    })
  }
})

test('docs/graphql.md lists every mutation with its errors', async () => {
  const page = await readFile(new URL('../../docs/graphql.md', import.meta.url), 'utf8')
  const listed = [...page.matchAll(/^\| ((?:`\w+` ?)+) \| ([^|]*) \|/gm)].flatMap(([, names = '', errors = '']) =>
    [...names.matchAll(/\w+/g)].map(([name]) => [name, [...errors.matchAll(/\w+Error/g)].map(String).sort()]),
  )
  const declared = mutations.map((field) => {
    const union = getNamedType(field.type)
    const members = isUnionType(union) ? union.getTypes() : []
    const errors = members.filter((member) => member.getInterfaces().some((one) => one === userError))
    return [
      field.name,
      errors
        .map((error) => error.name)
        .filter((error) => !always.includes(error))
        .sort(),
    ]
  })
  expect(Object.fromEntries(listed)).toEqual(Object.fromEntries(declared))
})
