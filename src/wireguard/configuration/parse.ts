import type { HandoverPeer } from '../../api/handover.ts';
import { WireGuardError } from '../errors.ts';
import { problemOf } from './peer.ts';

/** A ConfigMap holds at most 1 MiB. */
const MAX_TEXT_BYTES = 1024 * 1024;
const MAX_LINE_LENGTH = 8192;

const ROUTER = /^#\s*Router\s*=\s*(\S+)\/(\S+)\s+(\S+)\s+(\S+)\s*$/;
const SETTING = /^([A-Za-z]{1,32})\s*=\s*(.*?)\s*$/;

const refuse = (line: number, problem: string): never => {
  throw new WireGuardError('InvalidPeers', `peers.conf, line ${line}: ${problem}.`);
};

/** A section as far as it has been read. */
interface Section {
  line: number;
  router?: Pick<HandoverPeer, 'namespace' | 'name' | 'uid' | 'address'>;
  publicKey?: string;
  allowedIPs?: string[];
}

function takeRouter(section: Section, text: string, line: number): void {
  if (section.router !== undefined) refuse(line, 'this section has a second "# Router =" line');
  const match = ROUTER.exec(text);
  const [, namespace, name, uid, address] =
    match ?? refuse(line, 'write "# Router = namespace/name uid address"');
  section.router = { namespace: namespace ?? '', name: name ?? '', uid: uid ?? '', address: address ?? '' };
}

// The value of an unknown setting is not repeated: somebody may have put a private key there.
function takeSetting(section: Section, text: string, line: number): void {
  const [, key, value = ''] =
    SETTING.exec(text) ?? refuse(line, 'this is neither "[Peer]", "Key = value" nor a comment');
  if (key === 'PublicKey') {
    if (section.publicKey !== undefined) refuse(line, 'this section has a second PublicKey');
    section.publicKey = value;
  } else if (key === 'AllowedIPs') {
    if (section.allowedIPs !== undefined) refuse(line, 'this section has a second AllowedIPs');
    section.allowedIPs = value.split(',').map((part) => part.trim());
  } else {
    refuse(line, `${key} does not belong here; a section has PublicKey and AllowedIPs`);
  }
}

function finish(section: Section): HandoverPeer {
  const { line, router, publicKey, allowedIPs } = section;
  const missing =
    router === undefined
      ? '"# Router ="'
      : publicKey === undefined
        ? 'PublicKey'
        : allowedIPs === undefined
          ? 'AllowedIPs'
          : '';
  if (router === undefined || publicKey === undefined || allowedIPs === undefined) {
    return refuse(line, `the section that begins here has no ${missing} line`);
  }
  const peer = { ...router, publicKey, allowedIPs };
  const problem = problemOf(peer);
  return problem === undefined ? peer : refuse(line, `in the section that begins here, ${problem}`);
}

/** Remembers where each key, address and network stood first, and refuses a second one. */
function createDuplicateCheck() {
  const seen = new Map<string, number>();
  return (peer: HandoverPeer, line: number): void => {
    const values = [peer.publicKey, ...peer.allowedIPs].map((value) => [value, value] as const);
    for (const [key, shown] of [...values, [`uid ${peer.uid}`, `UID ${peer.uid}`] as const]) {
      const first = seen.get(key);
      if (first !== undefined)
        refuse(line, `${shown} stands already in the section that begins in line ${first}`);
      seen.set(key, line);
    }
  };
}

/**
 * Reads what {@link renderPeers} wrote, whole or not at all: a text that somebody has edited into something else is
 * refused with `InvalidPeers`, one sentence that names the line.
 */
export function parsePeers(text: string): HandoverPeer[] {
  if (Buffer.byteLength(text) > MAX_TEXT_BYTES) {
    throw new WireGuardError('InvalidPeers', `peers.conf is larger than ${MAX_TEXT_BYTES} bytes.`);
  }
  const peers: HandoverPeer[] = [];
  const refuseDuplicates = createDuplicateCheck();
  let section: Section | undefined;
  const close = (): void => {
    if (section === undefined) return;
    const peer = finish(section);
    refuseDuplicates(peer, section.line);
    peers.push(peer);
  };
  for (const [index, raw] of text.split('\n').entries()) {
    const line = index + 1;
    if (raw.length > MAX_LINE_LENGTH) refuse(line, `the line is longer than ${MAX_LINE_LENGTH} characters`);
    const trimmed = raw.trim();
    if (trimmed === '[Peer]') {
      close();
      section = { line };
    } else if (/^#\s*Router\b/.test(trimmed)) {
      takeRouter(
        section ?? refuse(line, 'a "# Router =" line stands before the first [Peer]'),
        trimmed,
        line,
      );
    } else if (trimmed !== '' && !trimmed.startsWith('#')) {
      takeSetting(section ?? refuse(line, 'a setting stands before the first [Peer]'), trimmed, line);
    }
  }
  close();
  return peers;
}
