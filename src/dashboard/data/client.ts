/** The GraphQL client of the pages: answers in a normalised cache, and one socket for everything live. */
import { cacheExchange } from '@urql/exchange-graphcache'
import type { Client as Socket } from 'graphql-ws'
import { type Client, createClient, fetchExchange, mapExchange, subscriptionExchange } from 'urql'
import valueTypes from '../../../schema/valueTypes.json' with { type: 'json' }
import { reportSignedOut } from './connection.ts'
import { subscribeResuming } from './resume.ts'
import { openSocket } from './socket.ts'

export interface Connections {
  urql: Client
  /** For feeds of rows, which do not go through the cache. */
  socket: Socket
}

/** @param project null: that of the caller */
export function connect(project: string | null): Connections {
  const socket = openSocket(project)
  const urql = createClient({
    url: '/graphql',
    preferGetMethod: false,
    requestPolicy: 'cache-and-network',
    fetchOptions: {
      headers: {
        accept: 'application/graphql-response+json',
        ...(project === null ? {} : { 'x-assay-project': encodeURIComponent(project) }),
      },
    },
    exchanges: [
      mapExchange({
        onError({ response }) {
          if (response?.status === 401) reportSignedOut()
        },
      }),
      cacheExchange({ keys: Object.fromEntries(valueTypes.map((name) => [name, () => null])) }),
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: ({ query = '', variables }) => ({
          subscribe: (sink) => ({ unsubscribe: subscribeResuming(socket, { query, variables }, sink) }),
        }),
      }),
    ],
  })
  return { urql, socket }
}
