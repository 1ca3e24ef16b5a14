import { run } from '../command.ts';
import { SidecarError } from '../errors.ts';

/** What the sidecar runs: how it is seen to work, and what is lacking where it is there and does not. */
interface Program {
  readonly command: readonly [name: string, ...args: string[]];
  readonly remedy: string;
}

const OUR_IMAGE = "use the project's image, or add it to the image that you have";

/** Each tunnel takes all of them. */
export const PROGRAMS: readonly Program[] = [
  { command: ['ip', '-V'], remedy: OUR_IMAGE },
  { command: ['wg', '--version'], remedy: OUR_IMAGE },
  // The list is asked of the kernel, which loads its module where it has one.
  {
    command: ['nft', 'list', 'tables'],
    remedy: 'load nf_tables on the node (modprobe nf_tables), or give it a kernel that has it',
  },
];

/** Where the kernel has no WireGuard. */
export const WIREGUARD_GO: Program = { command: ['wireguard-go', '--version'], remedy: OUR_IMAGE };

/** The first that does not work and what to do, in one sentence; undefined where all do. */
export async function programProblem(programs: readonly Program[]): Promise<string | undefined> {
  for (const { command, remedy } of programs) {
    const [name, ...args] = command;
    try {
      await run(name, args);
    } catch (error) {
      if (!(error instanceof SidecarError)) throw error;
      if (isMissing(error)) return `The sidecar's image has no ${name}; ${OUR_IMAGE}.`;
      return `The sidecar cannot use ${name}: ${error.message.replace(/\.$/, '')}; ${remedy}.`;
    }
  }
  return undefined;
}

const isMissing = ({ cause }: SidecarError): boolean =>
  (cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
