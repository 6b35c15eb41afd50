/** The GraphQL clients of the pages: answers in a normalised cache, rows without one, and one socket for all that is live. */
import { cacheExchange } from '@urql/exchange-graphcache'
import type { Client as Socket } from 'graphql-ws'
import { type Client, type ClientOptions, createClient, fetchExchange, mapExchange, subscriptionExchange } from 'urql'
import possibleTypes from '../../../schema/possibleTypes.json' with { type: 'json' }
import valueTypes from '../../../schema/valueTypes.json' with { type: 'json' }
import { reportRefused } from './connection.ts'
import { subscribeResuming } from './resume.ts'
import { openSocket } from './socket.ts'

export interface Connections {
  /** With the cache. */
  urql: Client
  /** Without it, for the rows of grids: a page keeps those that are near, not all that it has ever shown. */
  rows: Client
  /** For feeds of rows. */
  socket: Socket
}

/** @param project null: that of the caller */
export function connect(project: string | null, visit: number): Connections {
  const socket = openSocket(project, visit)
  const options: Omit<ClientOptions, 'exchanges'> = {
    url: '/graphql',
    preferGetMethod: false,
    fetchOptions: {
      headers: {
        accept: 'application/graphql-response+json',
        ...(project === null ? {} : { 'x-assay-project': encodeURIComponent(project) }),
      },
    },
  }
  const refusals = mapExchange({
    onError({ response }) {
      if (response?.status === 401) void reportRefused(visit)
    },
  })
  const urql = createClient({
    ...options,
    requestPolicy: 'cache-and-network',
    exchanges: [
      refusals,
      cacheExchange({ possibleTypes, keys: Object.fromEntries(valueTypes.map((name) => [name, () => null])) }),
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: ({ query = '', variables }) => ({
          subscribe: (sink) => ({ unsubscribe: subscribeResuming(socket, { query, variables }, sink) }),
        }),
      }),
    ],
  })
  const rows = createClient({ ...options, requestPolicy: 'network-only', exchanges: [refusals, fetchExchange] })
  return { urql, rows, socket }
}
