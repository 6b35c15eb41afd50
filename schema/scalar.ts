import { DateTimeResolver, JSONResolver } from 'graphql-scalars'
import { builder } from './builder.ts'

builder.addScalarType('DateTime', DateTimeResolver, {
  specifiedByURL: 'https://scalars.graphql.org/andimarek/date-time.html',
})
builder.addScalarType('JSON', JSONResolver)
