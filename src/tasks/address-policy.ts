/**
 * Which addresses HTTP tasks may call. Anyone who can write an experiment chooses the URL, so without this the server
 * would fetch anything it can reach: the metadata service of a cloud returns credentials to any process that asks.
 */
import ipaddr from 'ipaddr.js'

export interface AddressPolicy {
  /**
   * Whether loopback, private and other non-public addresses may be called. Should be true for a server that only its
   * developer can reach, where the endpoint under test is local. Link-local and metadata addresses are never allowed.
   */
  allowPrivate: boolean
}

/** Metadata services outside the link-local ranges: AWS over IPv6, Alibaba, Oracle. */
const metadataAddresses = ['fd00:ec2::254', '100.100.100.200', '192.0.0.192']

/** Why the policy forbids an IP address; null when it is allowed. */
export function whyBlocked(address: string, policy: AddressPolicy): string | null {
  const parsed = effective(ipaddr.parse(address))
  if (parsed.range() === 'linkLocal' || metadataAddresses.includes(parsed.toString())) {
    return 'link-local and metadata addresses are never called'
  }
  if (!policy.allowPrivate && parsed.range() !== 'unicast') {
    return `${parsed.range()} addresses are not called unless this process is started with --allow-private-endpoints`
  }
  return null
}

/** The IPv4 address that an IPv6 address maps to, if any (mapped, or NAT64). */
function effective(address: ipaddr.IPv4 | ipaddr.IPv6): ipaddr.IPv4 | ipaddr.IPv6 {
  if (!(address instanceof ipaddr.IPv6)) return address
  if (address.isIPv4MappedAddress()) return address.toIPv4Address()
  return address.range() === 'rfc6052' ? new ipaddr.IPv4(address.toByteArray().slice(12)) : address
}
