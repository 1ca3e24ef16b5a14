import { run } from '../command.ts';
import { withNamespace } from './gather.ts';
import type { TunnelNames } from './names.ts';

/** A tunnel in the words of the system's own tools, each under its command line. `wg show` hides the secrets. */
export async function showTunnel(names: TunnelNames): Promise<string> {
  const commands = [
    ['ip', '-d', 'addr', 'show'],
    ['ip', '-d', 'route', 'show', 'table', 'all'],
    ['wg', 'show', names.interfaceName],
    ['nft', 'list', 'ruleset'],
  ] as const;
  return withNamespace(names, async (namespace) => {
    const sections: string[] = [];
    for (const [program, ...args] of commands) {
      // A half-made tunnel is shown as far as it goes.
      const { code, stdout } = await run(program, args, { namespace, accept: [0, 1] });
      const end = code === 0 ? '' : `(exit code ${code})\n`;
      sections.push(`# ip netns exec ${names.namespace} ${program} ${args.join(' ')}\n${stdout}${end}`);
    }
    return sections.join('\n');
  });
}
