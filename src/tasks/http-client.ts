import dns from 'node:dns'
import net from 'node:net'
import { Agent, buildConnector, type Dispatcher } from 'undici'
import { type AddressPolicy, whyBlocked } from './address-policy.ts'

/** The connections of all HTTP tasks of a process: kept alive between calls, never redirected, guarded by an address policy. */
export interface HttpClient {
  readonly dispatcher: Dispatcher
  /** Idempotent; ends the calls in flight. */
  close(): Promise<void>
}

/** A connection was not made because the policy forbids the address. */
export class BlockedAddressError extends Error {
  constructor(host: string, address: string, reason: string) {
    super(host === address ? `${address}: ${reason}` : `${host} has the address ${address}: ${reason}`)
    this.name = 'BlockedAddressError'
  }
}

const connectTimeoutMs = 10_000

export function openHttpClient(policy: AddressPolicy): HttpClient {
  const connect = buildConnector({
    timeout: connectTimeoutMs,
    lookup: guardedLookup(policy),
    // One broken HTTP/2 connection would fail all the calls it carries.
    allowH2: false,
  })
  const agent = new Agent({
    connect(options, callback) {
      // No name is looked up for an IP literal, so the guard in the look-up never sees it.
      const host = options.hostname.replace(/^\[(.*)\]$/, '$1')
      const reason = net.isIP(host) ? whyBlocked(host, policy) : null
      if (reason !== null) return callback(new BlockedAddressError(host, host, reason), null)
      connect(options, callback)
    },
    // A call's time limit is its AbortSignal.
    headersTimeout: 0,
    bodyTimeout: 0,
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

/** Refuses a name when any of its addresses is forbidden; the connection is made to the very addresses that were checked. */
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
