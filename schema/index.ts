/** The GraphQL schema. Each file defines one domain type; resolvers translate, the engine decides. */
import { builder } from './builder.ts'
import './scalar.ts'
import './relay/list-size.ts'
import './relay/nodes.ts'
import './user-error.ts'
import './project/viewer.ts'
import './project/project.ts'
import './project/person.ts'
import './project/api-key.ts'
import './project/api-key-mutations.ts'
import './dataset/dataset.ts'
import './dataset/dataset-item.ts'
import './dataset/dataset-item-revision.ts'
import './dataset/dataset-item-mutations.ts'
import './dataset/dataset-mutations.ts'
import './experiment/experiment.ts'
import './experiment/experiment-mutations.ts'
import './run/run.ts'
import './run/run-item.ts'
import './run/run-mutations.ts'
import './score/score.ts'
import './score/score-mutations.ts'
import './evaluator/evaluator.ts'
import './evaluator/evaluator-mutations.ts'
import './evaluator/evaluator-preview.ts'
import './project/registered-function.ts'
import './project/endpoint-limit.ts'
import './run/run-feed.ts'
import './comparison/comparison.ts'
import './comparison/comparison-row.ts'
import './comparison/comparison-feed.ts'
import './run/runs-feed.ts'
import './run/dataset-runs-feed.ts'
import './run/run-trends.ts'
import './dataset/baseline.ts'
import './comparison/gate.ts'

builder.queryType({ description: 'Everything that can be read.' })
builder.mutationType({ description: 'Everything that can be changed. What can go wrong is part of the result.' })
builder.subscriptionType({
  description: 'What can be watched while it happens, over WebSocket (graphql-ws) or server-sent events.',
})

export const schema = builder.toSchema()
