import { GraphQLError, Kind, type ValueNode } from 'graphql'
import { DateTimeResolver } from 'graphql-scalars'
import { isExact } from '../src/domain/json/exact-number.ts'
import type { Json } from '../src/domain/json/json.ts'
import { describeInexact } from '../src/domain/json/read-json.ts'
import { builder } from './builder.ts'

builder.addScalarType('DateTime', DateTimeResolver, {
  description: 'A date and time as in RFC 3339; in responses always UTC, such as 2007-12-03T10:15:30.000Z.',
  specifiedByURL: 'https://scalars.graphql.org/andimarek/date-time.html',
})

builder.scalarType('JSON', {
  description:
    'Any JSON value: an object, list, string, number, boolean or null. Numbers are kept exactly or refused: those that\na double does not hold have to be strings.',
  specifiedByURL: 'http://www.ecma-international.org/publications/files/ECMA-ST/ECMA-404.pdf',
  serialize: (value) => value,
  // What a transport read has been checked by it (src/server/read-request.ts).
  parseValue: (value) => value as Json,
  parseLiteral: (node, variables) => readLiteral(node, variables ?? {}, []),
})

/** @param path of the literal in the value */
function readLiteral(node: ValueNode, variables: Record<string, unknown>, path: readonly string[]): Json {
  switch (node.kind) {
    case Kind.NULL:
      return null
    case Kind.STRING:
    case Kind.BOOLEAN:
      return node.value
    case Kind.INT:
    case Kind.FLOAT: {
      const value = Number(node.value)
      if (isExact(node.value, value)) return value
      const { expected, got } = describeInexact({ path: [...path], source: node.value })
      throw refused(node, expected, got, path)
    }
    case Kind.LIST:
      return node.values.map((element, index) => readLiteral(element, variables, [...path, String(index)]))
    case Kind.OBJECT: {
      const members = node.fields.map(({ name, value }) => {
        return [name.value, readLiteral(value, variables, [...path, name.value])] as const
      })
      return Object.fromEntries(members)
    }
    case Kind.VARIABLE:
      return (variables[node.name.value] ?? null) as Json
    case Kind.ENUM:
      throw refused(node, 'JSON, with texts in quotes', node.value, path)
  }
}

function refused(node: ValueNode, expected: string, got: string, path: readonly string[]): GraphQLError {
  const at = path.length > 0 ? `${path.join('.')}: ` : ''
  return new GraphQLError(`${at}expected ${expected}, got ${got}.`, {
    nodes: node,
    extensions: { code: 'INVALID_INPUT', path },
  })
}
