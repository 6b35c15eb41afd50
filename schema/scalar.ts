import { DateTimeResolver, JSONResolver } from 'graphql-scalars'
import { builder } from './builder.ts'

builder.addScalarType('DateTime', DateTimeResolver, {
  description: 'A date and time as in RFC 3339; in responses always UTC, such as 2007-12-03T10:15:30.000Z.',
  specifiedByURL: 'https://scalars.graphql.org/andimarek/date-time.html',
})
builder.addScalarType('JSON', JSONResolver, {
  description: 'Any JSON value: an object, list, string, number, boolean or null.',
})
