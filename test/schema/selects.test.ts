import { buildSchema, execute, type GraphQLResolveInfo, graphql, parse } from 'graphql'
import { expect, test } from 'vitest'
import { selectedFields, selects } from '../../schema/selects.ts'

const schema = buildSchema(
  'type Query { batch: Batch } type Batch { items: [Item!] done: Boolean } type Item { id: ID }',
)

test.each([
  ['{ batch { done items { id } } }', true],
  ['{ batch { changed: items { id } } }', true],
  [
    '{ batch { ... on Batch { ...Deep } } } fragment Deep on Batch { ...Deeper } fragment Deeper on Batch { items { id } }',
    true,
  ],
  ['{ batch { done } batch { items { id } } }', true],
  ['query ($yes: Boolean = true) { batch { done items @include(if: $yes) { id } } }', true],
  ['{ batch { done } }', false],
  ['{ batch { items: done } }', false],
  ['{ batch { ...Unused @skip(if: true) done } } fragment Unused on Batch { items { id } }', false],
  ['query ($no: Boolean = false) { batch { done items @include(if: $no) { id } } }', false],
])('%s asks for items: %s', async (source, expected) => {
  let selected: boolean | undefined
  const batch = (_args: object, _context: unknown, info: GraphQLResolveInfo) => {
    selected = selects(info, 'items')
    return {}
  }
  expect((await graphql({ schema, source, rootValue: { batch } })).errors).toBeUndefined()
  expect(selected).toBe(expected)
})

test('fragments that spread each other many times are gone through once', async () => {
  const spread = (name: string) => `...${name} ...${name}`
  const fragments = Array.from({ length: 24 }, (_, n) => `fragment F${n} on Batch { ${spread(`F${n + 1}`)} }`)
  const source = `{ batch { ...F0 @skip(if: true) ...F0 } } ${fragments.join(' ')} fragment F24 on Batch { done items { id } }`
  const document = parse(source)
  let [visits, visited] = [0, 0]
  for (const definition of document.definitions) {
    if (definition.kind !== 'FragmentDefinition') continue
    const { selections } = definition.selectionSet
    const get = () => {
      visits += 1
      return selections
    }
    Object.defineProperty(definition.selectionSet, 'selections', { get })
  }
  let selected: ReadonlySet<string> | undefined
  const batch = (_args: object, _context: unknown, info: GraphQLResolveInfo) => {
    const before = visits
    selected = selectedFields(info, [])
    visited = visits - before
    return {}
  }
  execute({ schema, document, rootValue: { batch } })
  expect(visited).toBe(25)
  expect(selected).toEqual(new Set(['done', 'items']))
})

test('a path goes through every level', async () => {
  const found: boolean[] = []
  const batch = (_args: object, _context: unknown, info: GraphQLResolveInfo) => {
    found.push(selects(info, 'items', 'id'), selects(info, 'items', 'done'), selects(info, 'done', 'id'))
    return {}
  }
  await graphql({
    schema,
    source: '{ batch { done ...F } } fragment F on Batch { items { id } }',
    rootValue: { batch },
  })
  expect(found).toEqual([true, false, false])
})
