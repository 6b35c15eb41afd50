/**
 * GraphQL over WebSocket, protocol graphql-transport-ws. Operations go through the same limits, execution and masking
 * as over HTTP. Subscriptions share their payloads, which are written to the sockets here.
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ExecutionArgs, ExecutionResult } from 'graphql'
import { GraphQLError, getOperationAST } from 'graphql'
import { CloseCode, handleProtocols, makeServer } from 'graphql-ws'
import type { Logger } from 'pino'
import type { ServerOptions, WebSocket } from 'ws'
import { WebSocketServer } from 'ws'
import { UserError } from '../domain/errors.ts'
import { AuthenticationError, type Authenticator, type ReadCredentials } from './auth.ts'
import type { Credentials } from './caller.ts'
import { clientGone } from './client-gone.ts'
import { closeSocket } from './limits/close-socket.ts'
import { longMessageLimits } from './limits/long-messages.ts'
import { loopTimeLimits } from './limits/loop-time.ts'
import { MessageRate } from './limits/message-rate.ts'
import type { OperationTurns } from './limits/operation-turns.ts'
import { SocketIntake } from './limits/socket-intake.ts'
import { SocketLimits, socketLimits } from './limits/socket-limits.ts'
import { createErrorMask, formatError } from './mask-errors.ts'
import { isTooDeep, refusalOfMessage, tooDeep } from './read-request.ts'
import { closeWhenRevoked, keepAlive } from './socket-end.ts'
import { ReplayRefusedError } from './subscriptions/replays.ts'
import type { SubscriptionCaller } from './subscriptions/shared-subscriptions.ts'
import { SocketOutlet } from './subscriptions/socket-outlet.ts'
import { SocketSubscriber } from './subscriptions/subscriber.ts'
import type { Graphql } from './yoga.ts'

const maxPayloadBytes = 1024 * 1024
/** Of a message, as each part takes memory, however small it is; missing in the types of `ws`. */
const partLimits = { maxFragments: 256, maxBufferedChunks: 8 * 1024 }
type PartLimits = typeof partLimits
const maxOperationsPerSocket = 100
const connectionInitMs = 5_000
/** For how long a socket is not read because of what its caller has taken, in milliseconds: it may end an operation. */
const maxPauseMs = 250

interface WebSockets {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** Closes every socket with 1001 (going away); resolves when the clients have closed theirs. Idempotent. */
  stop(): Promise<void>
  /** Terminates the remaining sockets at once. */
  terminate(): void
}

interface Connection {
  socket: WebSocket
  outlet: SocketOutlet
  request: IncomingMessage
  /** Set once `connection_init` has arrived. */
  credentials?: Credentials
  /** Abort controllers of open operations by id. */
  operations: Map<string, AbortController>
  /** Whether the client still subscribes to an operation. */
  isWanted: (id: string) => boolean
  /** Of the message that is being read. */
  messageBytes: number
  /** The caller, once it is authenticated. */
  client?: string
  intake: SocketIntake
}

/** The open sockets of a caller. */
interface Sockets {
  open: number
  rate: MessageRate
}

export function createWebSockets(
  { yoga, subscriptions }: Graphql,
  authenticator: Authenticator,
  credentialsOf: ReadCredentials,
  turns: OperationTurns,
  log: Logger,
): WebSockets {
  const options: ServerOptions & PartLimits = {
    noServer: true,
    maxPayload: maxPayloadBytes,
    ...partLimits,
    // Compression costs more than it saves on the usual networks.
    perMessageDeflate: false,
    handleProtocols: (protocols) => handleProtocols(protocols),
    // It would echo any payload to any client, authenticated or not.
    autoPong: false,
  }
  const server = new WebSocketServer(options)
  const sockets = new Map<string, Sockets>()
  const limits = new SocketLimits(server.clients)
  const mask = createErrorMask(log)

  const graphql = makeServer<ConnectionParameters, Connection>({
    connectionInitWaitTimeout: connectionInitMs,

    async onConnect(ctx) {
      const { connectionParams, extra } = ctx
      extra.intake.initialising()
      try {
        const credentials = readCredentials(connectionParams, (given) => credentialsOf(extra.request, given))
        extra.credentials = credentials
        const caller = await authenticator.authenticate(credentials)
        // A client that left meanwhile emits no further close event, so it must not be counted.
        if (extra.socket.readyState !== extra.socket.OPEN) return false
        const own = sockets.get(caller.client) ?? {
          open: 0,
          rate: new MessageRate(socketLimits.messages, performance.now()),
        }
        if (own.open >= socketLimits.perCaller) {
          closeSocket(extra.socket, 4429, `At most ${socketLimits.perCaller} sockets at once`)
          return false
        }
        own.open += 1
        sockets.set(caller.client, own)
        extra.socket.once('close', () => {
          own.open -= 1
          if (own.open === 0) sockets.delete(caller.client)
        })
        closeWhenRevoked(extra.socket, caller.revocation)
        extra.client = caller.client
        extra.intake.accepted(caller.client, () => {
          const pauseMs = Math.min(turns.loopTime.pauseOf(caller.client), maxPauseMs)
          return Math.max(own.rate.take(performance.now()), pauseMs)
        })
        // Not assigned as a literal, see db/young-client.ts.
        const isWanted = (id: string) => id in ctx.subscriptions
        extra.isWanted = isWanted
        return true
      } catch (error) {
        // Returning false closes an open socket with 4403 (forbidden).
        if (error instanceof UserError) closeSocket(extra.socket, CloseCode.Forbidden, closeReason(error.message))
        else if (!(error instanceof AuthenticationError))
          closeSocket(extra.socket, CloseCode.InternalServerError, mask(error).message)
        return false
      }
    },

    async onSubscribe(ctx, id, payload) {
      const { credentials, request, socket, operations, messageBytes } = ctx.extra
      if (Object.keys(ctx.subscriptions).length > maxOperationsPerSocket) {
        const message = `At most ${maxOperationsPerSocket} operations at once on one socket; end some, or open another.`
        return [new GraphQLError(message, { extensions: { code: 'LIMIT' } })]
      }
      const gone = new AbortController()
      operations.set(id, gone)
      try {
        // The key may have been revoked since the socket was opened.
        const { scope, client } = await authenticator.authenticate(credentials ?? credentialsOf(request))
        turns.loopTime.asked(client, loopTimeLimits.messageMs)
        await turns.next(client, messageBytes, gone.signal)
        const enveloped = yoga.getEnveloped({ scope, client, gone: gone.signal, req: request, params: payload })
        const document = enveloped.parse(payload.query)
        const errors = enveloped.validate(enveloped.schema, document)
        if (errors.length > 0) return errors
        const isSubscription = getOperationAST(document, payload.operationName)?.operation === 'subscription'
        const start = isSubscription
          ? (args: ExecutionArgs) => subscribe(ctx.extra, id, args, { scope, client, gone: gone.signal })
          : enveloped.execute
        return {
          schema: enveloped.schema,
          document,
          operationName: payload.operationName,
          variableValues: payload.variables,
          // Subscriptions share theirs.
          contextValue: isSubscription ? null : await enveloped.contextFactory(),
          // For execute and subscribe below, which get only these arguments.
          rootValue: { start },
        }
      } catch (error) {
        operations.delete(id)
        if (!(error instanceof AuthenticationError)) return [mask(error) as GraphQLError]
        closeSocket(socket, CloseCode.Forbidden, 'Forbidden')
        return [new GraphQLError(error.message, { extensions: { code: 'UNAUTHENTICATED' } })]
      }
    },

    onError: (_ctx, _id, _payload, errors) => errors.map(formatError),
    onComplete: (ctx, id) => void ctx.extra.operations.delete(id),
    execute: (args) => (args as OperationArgs).rootValue.start(args),
    subscribe: (args) => (args as OperationArgs).rootValue.start(args),
  })

  async function subscribe(
    { socket, outlet }: Connection,
    id: string,
    operation: ExecutionArgs,
    caller: SubscriptionCaller,
  ): Promise<AsyncGenerator<ExecutionResult, void, void> | ExecutionResult> {
    try {
      return await subscriptions.subscribe(operation, caller, new SocketSubscriber(outlet, id))
    } catch (error) {
      if (!(error instanceof ReplayRefusedError)) throw error
      closeSocket(socket, 4503, error.message)
      return { errors: [new GraphQLError(error.message, { extensions: { code: 'LIMIT' } })] }
    }
  }

  server.on('connection', (socket, request) => {
    const connection: Connection = {
      socket,
      outlet: new SocketOutlet(socket, request.socket, limits),
      request,
      intake: new SocketIntake(socket, request.socket, limits),
      messageBytes: 0,
      operations: new Map(),
      isWanted: () => true,
    }
    const abortUnwanted = (isWanted: (id: string) => boolean) => {
      for (const [id, operation] of connection.operations) {
        if (isWanted(id)) continue
        connection.operations.delete(id)
        operation.abort(clientGone)
      }
    }
    const send = (text: string) =>
      new Promise<void>((resolve) => {
        // What a subscription has to say comes before its end.
        connection.outlet.flush()
        limits.checkUnsent(socket)
        if (socket.readyState !== socket.OPEN) return resolve()
        // A failed write closes the socket, which ends its operations.
        socket.send(text, () => resolve())
      })
    const fail = (error: unknown) => {
      log.error({ err: error }, 'a message of a WebSocket could not be handled')
      closeSocket(socket, CloseCode.InternalServerError, 'Internal server error')
    }
    const closed = graphql.opened(
      {
        protocol: socket.protocol,
        send,
        close: (code, reason) => closeSocket(socket, code, reason),
        onMessage: (handle) => {
          socket.on('message', (data, isBinary) => {
            if (socket.readyState !== socket.OPEN) return
            // Invalid UTF-8 would be decoded to other characters.
            if (isBinary) return closeSocket(socket, 1003, 'Expected text')
            if (isTooDeep(data as Buffer)) return closeSocket(socket, CloseCode.BadRequest, tooDeep)
            connection.messageBytes = (data as Buffer).length
            const takesTime = connection.messageBytes > longMessageLimits.bytes
            if (connection.client) {
              turns.loopTime.carried(connection.client, connection.messageBytes)
              if (takesTime) turns.loopTime.worksFor(connection.client)
            }
            const text = String(data)
            const refused = refusalOfMessage(text)
            if (refused) void send(refused)
            else void handle(text).catch(fail)
            if (takesTime) turns.loopTime.worksFor(null)
            abortUnwanted(connection.isWanted)
          })
        },
        // By default the pong would echo the payload of the ping.
        onPing: async () => {
          if (connection.client) await send('{"type":"pong"}')
        },
      },
      connection,
    )
    socket.on('ping', () => {
      if (!connection.client) return
      limits.checkUnsent(socket)
      socket.pong()
    })
    const stopKeepAlive = keepAlive(socket)
    socket.once('close', (code, reason) => {
      stopKeepAlive()
      abortUnwanted(() => false)
      closed(code, String(reason)).catch((error) => log.error({ err: error }, 'a WebSocket did not close in order'))
    })
  })

  let stopped: Promise<void> | null = null
  return {
    upgrade: (request, socket, head) =>
      server.handleUpgrade(request, socket, head, (webSocket) => server.emit('connection', webSocket, request)),
    stop() {
      stopped ??= new Promise((resolve) => {
        for (const client of server.clients) closeSocket(client, 1001, 'Going away')
        server.close(() => resolve())
      })
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

/** From `connectionParams`, else from the upgrade request. */
function readCredentials(
  { authorization, Authorization, project }: ConnectionParameters = {},
  credentialsWith: (authorization: string | undefined) => Credentials,
): Credentials {
  const given = authorization ?? Authorization
  const credentials = credentialsWith(typeof given === 'string' ? given : undefined)
  return typeof project === 'string' ? { ...credentials, project } : credentials
}

/** The reason in a close frame is limited to 123 bytes. */
function closeReason(message: string): string {
  return Buffer.from(message)
    .subarray(0, 120)
    .toString()
    .replace(/\uFFFD$/, '')
}

type OperationArgs = ExecutionArgs & {
  rootValue: {
    start: (
      args: ExecutionArgs,
    ) => Promise<AsyncGenerator<ExecutionResult, void, void> | ExecutionResult> | ExecutionResult
  }
}
