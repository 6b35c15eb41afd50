import type { EndpointLimit } from '../../src/db/generated/prisma/client.ts'
import { listEndpointLimits } from '../../src/db/sql/endpoint/list-limits.ts'
import { deleteEndpointLimit, setEndpointLimit } from '../../src/engine/limits/set-endpoint-limit.ts'
import { builder } from '../builder.ts'
import { deletion } from '../deletion.ts'
import { mutation } from '../mutation.ts'
import { EndpointLimitConnection, EndpointLimitRef } from '../refs.ts'
import { listConnection } from '../relay/connection.ts'
import { listOrder } from '../relay/list-order.ts'

builder.prismaNode('EndpointLimit', {
  description: 'Limits of the calls of an endpoint, for all runs of the project in all processes.',
  id: { field: 'id' },
  findUnique: (id, { scope }) => ({ id, projectId: scope.projectId }),
  nullable: true,
  fields: (t) => ({
    endpoint: t.exposeString('endpoint', {
      description:
        'The origin of an HTTP task’s URL (`http://127.0.0.1:9000`), `module:<name>`, `evaluator:<name>`,\n`client:<name>` or `provider:<provider>/<model>`.',
    }),
    concurrency: t.exposeInt('concurrency', { nullable: true, description: 'Concurrent calls; null: no limit.' }),
    requestsPerMinute: t.exposeInt('requestsPerMinute', {
      nullable: true,
      description: 'Calls started in any 60 seconds, evenly spaced; null: no limit.',
    }),
    tokensPerMinute: t.exposeInt('tokensPerMinute', {
      nullable: true,
      description:
        'Input and output tokens. Usage is known when a call ends, so a minute may exceed it by the calls in flight;\nlater calls wait until the excess is compensated. Null: no limit.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was first set.' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'When it was last set.' }),
  }),
})

const EndpointLimitFilter = builder.inputType('EndpointLimitFilter', {
  description: 'Which endpoint limits.',
  fields: (t) => ({ search: t.string({ description: 'Only those with this text in their endpoint.' }) }),
})

const order = listOrder({
  type: 'EndpointLimit',
  rows: 'endpoint limits',
  fields: {
    ENDPOINT: 'Their endpoints.',
    CREATED_AT: 'When they were first set.',
    UPDATED_AT: 'When they were last set.',
  },
  default: { field: 'ENDPOINT', direction: 'ASC' },
})

builder.queryField('endpointLimits', (t) =>
  t.field({
    type: EndpointLimitConnection,
    description: 'All endpoint limits, by default by endpoint.',
    args: {
      ...t.arg.connectionArgs(),
      filter: t.arg({ type: EndpointLimitFilter, description: 'Which limits; default: all.' }),
      orderBy: t.arg({ type: order.input, description: 'Default: by endpoint.' }),
    },
    resolve: (_root, args, context) => {
      const by = order.read(args.orderBy)
      const list = listEndpointLimits(args.filter ?? {}, by)
      return listConnection<EndpointLimit>(context, list, by.name, context.scope.projectId, args)
    },
  }),
)

mutation('setEndpointLimit', {
  description: 'Limits the calls of an endpoint by all processes, replacing its former limits.',
  input: {
    description: 'The limits of an endpoint, at least one; null or omitted: no limit.',
    fields: (t) => ({
      endpoint: t.string({
        required: true,
        description:
          'A URL, of which only the origin matters; `module:<name>` for a task of assay.config.ts;\n`evaluator:<name>` for an evaluator of it;\n`client:<name>` for a function of clients, whose claims it limits;\n`provider:<provider>/<model>` for a model, whether prompts or judges call it.',
      }),
      concurrency: t.int({ description: 'Concurrent calls: 1–100,000.' }),
      requestsPerMinute: t.int({ description: 'Calls started in any 60 seconds: 1–10,000,000.' }),
      tokensPerMinute: t.int({ description: 'Input and output tokens: 1–1,000,000,000.' }),
    }),
  },
  errors: [],
  resolve: async (input, { services, scope }) => ({ endpointLimit: await setEndpointLimit(services, scope, input) }),
  payload: {
    description: 'The limit was set; running runs follow within seconds.',
    fields: (t) => ({
      endpointLimit: t.expose('endpointLimit', { type: EndpointLimitRef, description: 'The limit as it is now.' }),
    }),
  },
})

deletion('deleteEndpointLimit', {
  type: 'EndpointLimit',
  description: 'Removes all limits of an endpoint.',
  remove: (id, { services, scope }) => deleteEndpointLimit(services, scope, id),
})
