/** The GraphQL schema. Each file describes one domain; resolvers translate, the engine decides. */
import { builder } from './builder.ts'
import './scalar.ts'
import './user-error.ts'
import './viewer.ts'
import './dataset.ts'
import './dataset-item.ts'
import './dataset-item-mutations.ts'
import './dataset-mutations.ts'
import './experiment.ts'
import './experiment-mutations.ts'
import './run.ts'
import './run-item.ts'
import './run-mutations.ts'
import './score.ts'
import './score-mutations.ts'
import './evaluator.ts'
import './evaluator-mutations.ts'
import './evaluator-preview.ts'
import './module.ts'
import './endpoint-limit.ts'
import './feed.ts'
import './comparison.ts'
import './comparison-row.ts'
import './comparison-feed.ts'
import './dataset-runs.ts'
import './run-trends.ts'
import './baseline.ts'
import './gate.ts'

builder.queryType({ description: 'Everything that can be read.' })
builder.mutationType({ description: 'Everything that can be changed. What can go wrong is part of the result.' })
builder.subscriptionType({
  description: 'What can be watched while it happens, over WebSocket (graphql-ws) or server-sent events.',
})

export const schema = builder.toSchema()
