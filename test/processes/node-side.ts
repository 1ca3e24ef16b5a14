import { run } from '../testbed/command.ts';
import type { TestNode } from '../testbed/node.ts';

/** What has a gateway node. */
export interface WithNode {
  readonly node: Pick<TestNode, 'exec' | 'enter'>;
}

/** Arguments that run a command on the node inside a tunnel's namespace. */
const inTunnel = (interfaceName: string, command: string, args: readonly string[]): string[] => [
  `--net=/run/netns/tto-${interfaceName}`,
  command,
  ...args,
];

/** Runs a command on the gateway node, inside a tunnel's namespace. */
export function execInTunnel(
  { node }: WithNode,
  interfaceName: string,
  command: string,
  args: readonly string[],
): Promise<string> {
  return node.exec('nsenter', inTunnel(interfaceName, command, args));
}

/** `wg show` of one field: public key → value, as the interface on the node has it. */
export async function peersOnNode(
  system: WithNode,
  interfaceName: string,
  field: 'allowed-ips' | 'preshared-keys' | 'endpoints' | 'latest-handshakes' = 'allowed-ips',
): Promise<Map<string, string>> {
  const shown = await execInTunnel(system, interfaceName, 'wg', ['show', interfaceName, field]);
  return new Map(
    shown
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split('\t') as [string, string]),
  );
}

/** Whether a TCP connection opens from where `enter` leads. */
export async function opensTcp(enter: readonly string[], address: string, port: number): Promise<boolean> {
  const [command = '', ...args] = [
    ...enter,
    'timeout',
    '10',
    'bash',
    '-c',
    `exec 3<>/dev/tcp/${address}/${port}`,
  ];
  return run(command, args).then(
    () => true,
    () => false,
  );
}

/** For {@link opensTcp}: the server's side of a tunnel. */
export const fromServer = ({ node }: WithNode, interfaceName: string): string[] =>
  node.enter('nsenter', inTunnel(interfaceName, 'env', []));

/** For {@link opensTcp}: a router. */
export const fromNamespace = (netns: string): string[] => ['nsenter', `--net=/run/netns/${netns}`];
