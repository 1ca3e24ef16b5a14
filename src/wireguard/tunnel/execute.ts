import { closeSync, openSync, writeFile } from 'node:fs';
import { unlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { run } from '../command.ts';
import { endUserspaceProcess } from '../device/control-socket.ts';
import type { Implementation } from '../device/implementation.ts';
import { SidecarError } from '../errors.ts';
import { inNamespace, type Namespace } from '../namespace/namespace.ts';
import { renderReplacement } from './firewall.ts';
import { gatherUdpPorts, withNamespace } from './gather.ts';
import { inBatches, ipLines } from './ip-batch.ts';
import type { KernelSetting } from './kernel-settings.ts';
import type { TunnelNames } from './names.ts';
import type { Step } from './steps.ts';

const LISTEN_LIMIT_MS = 5000;
const POLL_MS = 25;

const writeDescriptor = promisify(writeFile);

/** Two `ip netns add` at once may both try to make /run/netns a mount of its own. */
let namespaces: Promise<unknown> = Promise.resolve();

async function addNamespace(names: TunnelNames, broken: boolean): Promise<void> {
  const turn = namespaces.then(async () => {
    if (broken) await unlink(names.namespacePath);
    await run('ip', ['netns', 'add', names.namespace]);
  });
  namespaces = turn.catch(() => undefined);
  await turn;
}

/** wireguard-go takes its interface along, and may have ended since somebody looked. */
async function removeLink(name: string, where: { namespace?: Namespace } = {}): Promise<void> {
  try {
    await run('ip', ['link', 'del', name], where);
  } catch (cause) {
    const { code } = await run('ip', ['link', 'show', 'dev', name], { ...where, accept: [0, 1] });
    if (code === 0) throw cause;
  }
}

/** wireguard-go may look only once a second whether an interface in another namespace has been brought up. */
async function awaitListening(names: TunnelNames, listenPort: number): Promise<void> {
  for (let waited = 0; waited < LISTEN_LIMIT_MS; waited += POLL_MS) {
    if ((await gatherUdpPorts()).has(listenPort)) return;
    await sleep(POLL_MS);
  }
  throw new SidecarError(
    'DeviceFailed',
    `${names.interfaceName} is up but does not listen on UDP port ${listenPort} of the node.`,
  );
}

/**
 * Opened inside, and written by another thread: many of these wait for a lock of the kernel's that whoever makes or moves an
 * interface holds, and a setting is of the namespace in which its file was opened.
 */
async function setKernel(namespace: Namespace, { path, value }: KernelSetting): Promise<void> {
  const fd = inNamespace(namespace, () => openSync(`/proc/sys/${path}`, 'w'));
  try {
    await writeDescriptor(fd, value);
  } finally {
    closeSync(fd);
  }
}

const inside = (names: TunnelNames, program: string, args: readonly string[], input: string) =>
  withNamespace(names, (namespace) => run(program, args, { namespace, input }));

/** Does the steps of a plan. Throws {@link SidecarError}; what was done before stays. */
export async function execute(
  names: TunnelNames,
  implementation: Implementation,
  steps: readonly Step[],
): Promise<void> {
  for (const batch of inBatches(names.interfaceName, steps)) {
    const lines = batch.flatMap((step) => ipLines(names.interfaceName, step) ?? []);
    if (lines.length > 0) await inside(names, 'ip', ['-batch', '-'], `${lines.join('\n')}\n`);
    for (const step of batch) await executeStep(names, implementation, step);
  }
}

/** What a step takes beside {@link ipLines}. */
async function executeStep(names: TunnelNames, implementation: Implementation, step: Step): Promise<void> {
  const { interfaceName } = names;
  switch (step.do) {
    case 'addNamespace':
      return addNamespace(names, step.broken);
    case 'setKernel':
      return withNamespace(names, (namespace) => setKernel(namespace, step));
    case 'setFirewall':
      return void (await inside(names, 'nft', ['-f', '-'], renderReplacement(step.table)));
    case 'removeInterface':
      if (step.place === 'staged') return removeLink(implementation.stagedName(names));
      return withNamespace(names, (namespace) => removeLink(interfaceName, { namespace }));
    case 'endProcess':
      return endUserspaceProcess(interfaceName);
    case 'addInterface':
      return implementation.create(names);
    case 'moveInterface':
      return implementation.move(names);
    case 'setDevice':
      return implementation.device(names).apply(step);
    case 'linkUp':
      return awaitListening(names, step.listenPort);
    case 'removeNamespace':
      if (step.broken) return unlink(names.namespacePath);
      return void (await run('ip', ['netns', 'del', names.namespace]));
  }
}
