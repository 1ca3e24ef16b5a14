import { generateKeyPair, type TunnelState } from '../../../src/wireguard/index.ts';

/** A tunnel with a key of its own, and no peers unless `changes` has some. */
export const stateOf = (index: number, changes: Partial<TunnelState> = {}): TunnelState => ({
  interfaceName: `wg${index}`,
  privateKey: generateKeyPair().privateKey,
  listenPort: 51_820 + index,
  addresses: ['10.100.0.1/16'],
  mtu: 1420,
  peers: [],
  ...changes,
});
