import { codeOf, messageOf } from '../errors.ts'
import { replaceUnstorable } from '../json/storable.ts'
import { TaskError, type TaskErrorCode } from './task.ts'

/** A connection was refused because the policy forbids the address. */
export class BlockedAddressError extends Error {
  constructor(host: string, address: string, reason: string) {
    super(host === address ? `${address}: ${reason}` : `${host} has the address ${address}: ${reason}`)
    this.name = 'BlockedAddressError'
  }
}

/** A call that ended without a complete response. @param call its name, e.g. "POST http://host/path" */
export function connectionError(call: string, error: unknown): TaskError {
  if (error instanceof BlockedAddressError) {
    return new TaskError('BLOCKED_ADDRESS', `${call} was not made. ${error.message}.`, {
      retryable: false,
      cause: error,
    })
  }
  const code = codeOf(error) ?? ''
  const refused = code === 'ECONNREFUSED'
  const unasked = code === 'UND_ERR_SOCKET' && messageOf(error) === 'bad response'
  const why = refused
    ? 'nothing is listening there (connection refused)'
    : unasked
      ? unaskedResponse
      : (explanations[code] ?? reasonOf(error, code))
  const kind: TaskErrorCode = refused ? 'CONNECTION_REFUSED' : 'CONNECTION_FAILED'
  const retryable = !unasked && !certificateCodes.test(code)
  return new TaskError(kind, `${call} failed: ${why}.`, { retryable, cause: error })
}

/** The client of Node has no other word for these responses, and every call would get one again. */
const unaskedResponse =
  'the server began its response with what nobody asked for, "100 Continue" or another protocol (101); remove it there or in the proxy before it'

const explanations: Record<string, string> = {
  ECONNRESET: 'the server reset the connection',
  EPIPE: 'the server closed the connection',
  UND_ERR_SOCKET: 'the server closed the connection before the response was complete',
  UND_ERR_CONNECT_TIMEOUT: 'no connection within 10 s',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the host name could not be resolved',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
}

/** A retry would meet the same certificate. */
const certificateCodes = /^(CERT_|ERR_TLS_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/

/** An AggregateError of several connection attempts has a code and no message. */
function reasonOf(error: unknown, code: string): string {
  const reason = error instanceof Error && error.message === '' && code !== '' ? code : messageOf(error)
  return replaceUnstorable(reason).replace(/\.$/, '')
}
