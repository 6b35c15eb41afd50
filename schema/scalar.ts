import { DateTimeResolver, JSONResolver } from 'graphql-scalars'
import { builder } from './builder.ts'

builder.addScalarType('DateTime', DateTimeResolver, {
  description: 'A date and time as RFC 3339 writes it; in responses always UTC, such as 2007-12-03T10:15:30.000Z.',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc3339#section-5.6',
})
builder.addScalarType('JSON', JSONResolver, {
  description: 'Any JSON value: an object, list, text, number, boolean or null.',
})
