import { BlockList, isIP, SocketAddress } from 'node:net';

/**
 * Where a webhook never goes, whatever an operator or a name server says (money-safety.md L5). A
 * clinic's system is on a private address, so those are open; these are nobody's system.
 */
const never = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8], // "this host": a way to say loopback (RFC 1122, 3.2.1.3)
  ['169.254.0.0', 16], // link-local, with the metadata services of AWS, Azure, Google and Tencent Cloud
  ['100.100.100.200', 32], // the metadata service of Alibaba Cloud
  ['168.63.129.16', 32], // the host agent of Azure
  ['192.0.0.0', 24], // protocol assignments, with the metadata service of Oracle Cloud (RFC 6890)
  ['224.0.0.0', 4], // multicast
  ['240.0.0.0', 4], // reserved, with the broadcast address
] as const)
  never.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of [
  ['fd00:ec2::254', 128], // the metadata service of AWS
  ['fd20:ce::254', 128], // the metadata service of Google Cloud
  ['2001::', 32], // Teredo (RFC 4380): an IPv4 address in other clothes
  ['2002::', 16], // 6to4 (RFC 3056): the same
] as const)
  never.addSubnet(network, prefix, 'ipv6');

/**
 * Of version 6 only these are anybody's home. Link-local and multicast lie outside, and so does every
 * other way to dress up an IPv4 address (`::ffff:10.0.0.1`, `64:ff9b::10.0.0.1`).
 */
const homes = new BlockList();
homes.addAddress('::1', 'ipv6');
homes.addSubnet('fc00::', 7, 'ipv6'); // unique local (RFC 4193)
homes.addSubnet('2000::', 3, 'ipv6'); // global unicast (RFC 4291)

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** What this program itself listens on. */
export interface OwnDoors {
  ports: readonly number[];
  /** The machine's addresses, as they are now. */
  addresses: () => readonly string[];
}

/** Whether a webhook may be delivered to this address and port. `address` is literal, as a resolver gives it. */
export function mayConnect(address: string, port: number, own: OwnDoors): boolean {
  const kind = isIP(address);
  // A zone (`fe80::1%eth0`) belongs to link-local addresses alone.
  if (kind === 0 || address.includes('%')) return false;
  const family = kind === 4 ? 'ipv4' : 'ipv6';
  const plain = new SocketAddress({ address, family }).address;
  if (never.check(plain, family) || (kind === 6 && !homes.check(plain, family))) return false;
  if (!own.ports.includes(port)) return true;
  return !loopback.check(plain, family) && !own.addresses().includes(plain);
}
