/**
 * GraphQL over WebSocket, protocol graphql-transport-ws. Operations go through the same limits, execution and masking
 * as over HTTP. Frames are pulled one by one: the next result is computed when the last one left for the network, so a
 * slow client holds up only itself.
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ExecutionArgs, ExecutionResult } from 'graphql'
import { GraphQLError } from 'graphql'
import { CloseCode } from 'graphql-ws'
import { useServer } from 'graphql-ws/use/ws'
import type { Logger } from 'pino'
import { type WebSocket, WebSocketServer } from 'ws'
import { UserError } from '../domain/errors.ts'
import { AuthenticationError, type Authenticator, type Credentials, credentialsOf } from './auth.ts'
import { createErrorMask } from './errors.ts'
import type { Revocation } from './revocation.ts'
import type { Yoga } from './yoga.ts'

const maxPayloadBytes = 1024 * 1024
const maxOperationsPerSocket = 100
const maxSocketsPerCaller = 2_000
const connectionInitMs = 5_000
const keepAliveMs = 12_000
/** How long a client may take to answer a close frame before its connection is cut. */
const closingMs = 2_000

interface WebSockets {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** Closes every socket with 1001 (going away); resolves when the clients have closed theirs. Idempotent. */
  stop(): Promise<void>
  /** Ends what is left of them at once. */
  terminate(): void
}

type Connection = {
  /** From the acknowledgement of the connection on. */
  credentials?: Credentials
}

export function createWebSockets(yoga: Yoga, authenticator: Authenticator, log: Logger): WebSockets {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: maxPayloadBytes,
    // Deflating every frame costs more than it saves on the networks this is used on.
    perMessageDeflate: false,
  })
  const sockets = new Map<string, number>()
  const mask = createErrorMask(log)

  const disposable = useServer<ConnectionParameters, Connection>(
    {
      connectionInitWaitTimeout: connectionInitMs,
      // Otherwise the reason of a close says what went wrong inside.
      isProd: true,

      async onConnect({ connectionParams, extra }) {
        try {
          const credentials = readCredentials(connectionParams, extra.request)
          extra.credentials = credentials
          const caller = await authenticator.authenticate(credentials)
          // Whoever has gone in the meantime is never told to have gone.
          if (extra.socket.readyState !== extra.socket.OPEN) return false
          const open = sockets.get(caller.client) ?? 0
          if (open >= maxSocketsPerCaller) {
            extra.socket.close(4429, `At most ${maxSocketsPerCaller} sockets at once`)
            return false
          }
          sockets.set(caller.client, open + 1)
          extra.socket.once('close', () => sockets.set(caller.client, (sockets.get(caller.client) ?? 1) - 1))
          closeWhenRevoked(extra.socket, caller.revocation)
          return true
        } catch (error) {
          // `false` closes with 4403 (forbidden) what is not closed yet.
          if (error instanceof UserError) extra.socket.close(CloseCode.Forbidden, closeReason(error.message))
          else if (!(error instanceof AuthenticationError))
            extra.socket.close(CloseCode.InternalServerError, mask(error).message)
          return false
        }
      },

      async onSubscribe(ctx, _id, payload) {
        const { credentials, request, socket } = ctx.extra
        if (Object.keys(ctx.subscriptions).length > maxOperationsPerSocket) {
          const message = `At most ${maxOperationsPerSocket} operations at once on one socket; end some, or open another.`
          return [new GraphQLError(message, { extensions: { code: 'LIMIT' } })]
        }
        try {
          // The key may have been revoked since the socket was opened.
          const { scope } = await authenticator.authenticate(credentials ?? credentialsOf(request))
          const enveloped = yoga.getEnveloped({ scope, req: request, params: payload })
          const document = enveloped.parse(payload.query)
          const errors = enveloped.validate(enveloped.schema, document)
          if (errors.length > 0) return errors
          return {
            schema: enveloped.schema,
            document,
            operationName: payload.operationName,
            variableValues: payload.variables,
            contextValue: await enveloped.contextFactory(),
            // Read back by execute and subscribe below, which are told nothing else about the operation.
            rootValue: { execute: enveloped.execute, subscribe: enveloped.subscribe },
          }
        } catch (error) {
          if (!(error instanceof AuthenticationError)) return [mask(error) as GraphQLError]
          socket.close(CloseCode.Forbidden, 'Forbidden')
          return [new GraphQLError(error.message)]
        }
      },

      execute: (args) => (args as OperationArgs).rootValue.execute(args),
      subscribe: (args) => (args as OperationArgs).rootValue.subscribe(args),
      onOperation: (_ctx, _id, _payload, _args, result) =>
        Symbol.asyncIterator in result ? endWithErrors(result, mask) : undefined,
    },
    server,
    keepAliveMs,
  )

  let stopped: Promise<void> | null = null
  return {
    upgrade: (request, socket, head) =>
      server.handleUpgrade(request, socket, head, (webSocket) => server.emit('connection', webSocket, request)),
    stop() {
      stopped ??= Promise.resolve(disposable.dispose())
      return stopped
    },
    terminate() {
      for (const client of server.clients) client.terminate()
    },
  }
}

interface ConnectionParameters extends Record<string, unknown> {
  authorization?: unknown
  Authorization?: unknown
  project?: unknown
}

/** From the parameters of the connection, else from the headers of its request. */
function readCredentials(parameters: ConnectionParameters | undefined, request: IncomingMessage): Credentials {
  const authorization = parameters?.authorization ?? parameters?.Authorization
  const project = parameters?.project
  const ofRequest = credentialsOf(request)
  return {
    authorization: typeof authorization === 'string' ? authorization : ofRequest.authorization,
    project: typeof project === 'string' ? project : ofRequest.project,
  }
}

/** Closes with 4403 (forbidden) when the caller's access is revoked, which ends all its operations. */
function closeWhenRevoked(socket: WebSocket, revocation: Revocation): void {
  const stop = revocation.onRevoked(() => {
    socket.close(CloseCode.Forbidden, 'Forbidden')
    const late = setTimeout(() => socket.terminate(), closingMs)
    socket.once('close', () => clearTimeout(late))
  })
  socket.once('close', stop)
}

/** A close frame holds 123 bytes of reason. */
function closeReason(message: string): string {
  return Buffer.from(message)
    .subarray(0, 120)
    .toString()
    .replace(/\uFFFD$/, '')
}

type OperationArgs = ExecutionArgs & {
  rootValue: {
    execute: (args: ExecutionArgs) => Promise<ExecutionResult> | ExecutionResult
    subscribe: (args: ExecutionArgs) => Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult>
  }
}

/** A stream that breaks ends with its error as the last result; thrown, it would close the socket for everything on it. */
function endWithErrors(
  source: AsyncIterable<ExecutionResult>,
  mask: (error: unknown) => Error,
): AsyncGenerator<ExecutionResult, void, void> {
  const iterator = source[Symbol.asyncIterator]()
  let broken = false
  const results: AsyncGenerator<ExecutionResult, void, void> = {
    async next() {
      if (broken) return { done: true, value: undefined }
      try {
        const { done, value } = await iterator.next()
        return done ? { done: true, value: undefined } : { done: false, value }
      } catch (error) {
        broken = true
        return { done: false, value: { errors: [mask(error) as GraphQLError] } }
      }
    },
    async return() {
      await iterator.return?.()
      return { done: true, value: undefined }
    },
    async throw(error) {
      await iterator.return?.()
      throw error
    },
    [Symbol.asyncIterator]: () => results,
    [Symbol.asyncDispose]: async () => void (await results.return()),
  }
  return results
}
