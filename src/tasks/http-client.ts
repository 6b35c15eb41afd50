import dns from 'node:dns'
import net from 'node:net'
import { Agent, buildConnector, type Dispatcher } from 'undici'
import { BlockedAddressError } from '../domain/execution/connection-error.ts'
import { maxResponseBytes } from '../models/provider-fetch.ts'
import { type AddressPolicy, whyBlocked } from './address-policy.ts'

/**
 * The connections of all HTTP tasks of a process: kept alive between calls, without redirects, restricted by an address
 * policy.
 */
export interface HttpClient {
  readonly dispatcher: Dispatcher
  /** Aborts the calls in flight. Idempotent. */
  close(): Promise<void>
}

const connectTimeoutMs = 10_000

export function openHttpClient(policy: AddressPolicy): HttpClient {
  const connect = buildConnector({
    timeout: connectTimeoutMs,
    lookup: guardedLookup(policy),
    // One broken HTTP/2 connection would fail all calls on it.
    allowH2: false,
  })
  const agent = new Agent({
    connect(options, callback) {
      // An IP literal is not looked up, so the guard in the lookup never sees it.
      const host = options.hostname.replace(/^\[(.*)\]$/, '$1')
      const reason = net.isIP(host) ? whyBlocked(host, policy) : null
      if (reason !== null) return callback(new BlockedAddressError(host, host, reason), null)
      connect(options, callback)
    },
    // Calls are limited by their AbortSignal.
    headersTimeout: 0,
    bodyTimeout: 0,
    maxResponseSize: maxResponseBytes,
    pipelining: 1,
  })
  let closing: Promise<void> | null = null
  return {
    dispatcher: agent,
    close() {
      closing ??= agent.destroy()
      return closing
    },
  }
}

/**
 * Refuses a name if any of its addresses is forbidden; the connection is made to exactly the addresses that were
 * checked.
 */
function guardedLookup(policy: AddressPolicy): net.LookupFunction {
  return (host, options, callback) => {
    dns.lookup(host, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, [])
      for (const { address } of addresses) {
        const reason = whyBlocked(address, policy)
        if (reason !== null) return callback(new BlockedAddressError(host, address, reason), [])
      }
      const [first] = addresses
      if (options.all || first === undefined) callback(null, addresses)
      else callback(null, first.address, first.family)
    })
  }
}
