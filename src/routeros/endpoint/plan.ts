/** What has to change on a router so that it connects to another endpoint, as a script for that one would have made it. */
import { isIP } from 'node:net';
import { COMMENT } from '../script/names.ts';
import { lookAgainText, lookerOf } from '../script/resolve-again.ts';
import type { Change } from '../undo/index.ts';
import { type Endpoint, isName, isSameEndpoint, isSameHost } from './endpoint.ts';
import { FILTERS, NETWATCH, PEERS, type ReadEndpoint, type ReadRow, type ReadTable } from './read.ts';

/**
 * Pure; empty where it is so already. `serverAddress`: in the tunnel. The peer comes last: from then on the router sends
 * elsewhere. Taken back, it is also enabled, since {@link renewText} disables it for a moment.
 */
export function planMove(found: ReadEndpoint, wanted: Endpoint, serverAddress: string): Change[] {
  const { peer } = found;
  if (isSameEndpoint(peer.endpoint, wanted)) return [];
  return [
    ...rules(found, wanted),
    ...lookers(found, wanted, serverAddress),
    {
      kind: 'set',
      path: PEERS,
      id: peer.id,
      values: { 'endpoint-address': wanted.host, 'endpoint-port': String(wanted.port) },
      was: {
        'endpoint-address': peer.endpoint.host,
        'endpoint-port': String(peer.endpoint.port),
        disabled: 'false',
      },
    },
  ];
}

/** A name may have addresses of both families, and its rules let all of them in. */
function rules({ tables, listenPort }: ReadEndpoint, wanted: Endpoint): Change[] {
  const family = isIP(wanted.host);
  return ([4, 6] as const).flatMap((of) => {
    const table = tables[of];
    if (table === undefined) return [];
    const path = FILTERS[of];
    if (family !== 0 && family !== of) return switchedOff(path, table.ours);
    return ruleFor(path, table, family === 0 ? '' : wanted.host, String(wanted.port), listenPort);
  });
}

function ruleFor(
  path: string,
  { ours: [first, ...others], firstDrop }: ReadTable,
  source: string,
  sourcePort: string,
  listenPort: string,
): Change[] {
  if (first === undefined) {
    const comment = COMMENT.endpointRule;
    return [
      {
        kind: 'add',
        path,
        values: {
          chain: 'input',
          action: 'accept',
          protocol: 'udp',
          ...(source === '' ? {} : { 'src-address': source }),
          'src-port': sourcePort,
          'dst-port': listenPort,
          comment,
        },
        mark: { comment },
        ...(firstDrop !== undefined && { before: firstDrop }),
      },
    ];
  }
  const isSame = first.sourcePort === sourcePort && isSameHost(first.source, source) && !first.isDisabled;
  return [
    ...(isSame
      ? []
      : [
          {
            kind: 'set' as const,
            path,
            id: first.id,
            values: { 'src-address': orUnset(source), 'src-port': sourcePort, ...on(first).now },
            was: {
              'src-address': orUnset(first.source),
              'src-port': orUnset(first.sourcePort),
              ...on(first).was,
            },
          },
        ]),
    ...switchedOff(path, others),
  ];
}

const on = ({ isDisabled }: ReadRow) =>
  isDisabled ? { now: { disabled: 'no' }, was: { disabled: 'true' } } : { now: {}, was: {} };

const orUnset = (text: string): string | null => (text === '' ? null : text);

const switchedOff = (path: string, rows: readonly ReadRow[]): Change[] =>
  rows.map(({ id }) => ({ kind: 'remove', path, id, canDisable: true }));

/** One that is there gets another text, since it could not be told from a second one by its comment. */
function lookers({ lookers: found }: ReadEndpoint, wanted: Endpoint, serverAddress: string): Change[] {
  if (!isName(wanted)) return switchedOff(NETWATCH, found);
  const [first, ...others] = found;
  const script = lookAgainText(wanted.host);
  if (first === undefined) {
    const { comment } = lookerOf(serverAddress);
    const values = { ...lookerOf(serverAddress), 'test-script': script };
    return [{ kind: 'add', path: NETWATCH, values, mark: { comment } }];
  }
  return [
    {
      kind: 'set',
      path: NETWATCH,
      id: first.id,
      values: { 'test-script': script, ...on(first).now },
      was: { 'test-script': first.script, ...on(first).was },
    },
    ...switchedOff(NETWATCH, others),
  ];
}
