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

/** Metadata services outside the link-local ranges; those of one provider share a network. */
const metadataNetworks = [
  // AWS: instance metadata, EKS pod identities, time; Oracle.
  'fd00:ec2::/32',
  'fd00:c1::/32',
  // Google Cloud.
  'fd20:ce::/32',
  // Alibaba Cloud, Oracle Classic, Azure's platform services.
  '100.100.100.200/32',
  '192.0.0.192/32',
  '168.63.129.16/32',
].map((network) => ipaddr.parseCIDR(network))

/** Why the policy forbids an IP address; null when it is allowed. */
export function whyBlocked(address: string, policy: AddressPolicy): string | null {
  const parsed = effective(ipaddr.parse(address))
  if (parsed.range() === 'linkLocal' || metadataNetworks.some((network) => isWithin(parsed, network))) {
    return 'link-local and metadata addresses are never called'
  }
  if (!policy.allowPrivate && parsed.range() !== 'unicast') {
    return `${parsed.range()} addresses are not called unless this process is started with --allow-private-endpoints`
  }
  return null
}

function isWithin(address: ipaddr.IPv4 | ipaddr.IPv6, [network, bits]: [ipaddr.IPv4 | ipaddr.IPv6, number]): boolean {
  return address.kind() === network.kind() && address.match(network, bits)
}

/** The IPv4 address that an IPv6 address stands for, if any: mapped, compatible, NAT64, or 6to4. */
function effective(address: ipaddr.IPv4 | ipaddr.IPv6): ipaddr.IPv4 | ipaddr.IPv6 {
  if (!(address instanceof ipaddr.IPv6)) return address
  if (address.isIPv4MappedAddress()) return address.toIPv4Address()
  const bytes = address.toByteArray()
  const isCompatible = bytes.slice(0, 12).every((byte) => byte === 0) && bytes.slice(12, 15).some((byte) => byte !== 0)
  if (isCompatible || isWithin(address, nat64) || isWithin(address, localNat64)) return new ipaddr.IPv4(bytes.slice(12))
  return isWithin(address, sixToFour) ? new ipaddr.IPv4(bytes.slice(2, 6)) : address
}

const nat64 = ipaddr.parseCIDR('64:ff9b::/96')
/** RFC 8215; with the usual prefix of 96 bits. */
const localNat64 = ipaddr.parseCIDR('64:ff9b:1::/48')
const sixToFour = ipaddr.parseCIDR('2002::/16')
