/** What the script has made on a router for the sake of its endpoint, as it is now. */
import type { CommandOptions, RouterOsApi } from '../api/client.ts';
import { type ApiRow, isTrue } from '../api/reply.ts';
import { durationMs } from '../duration.ts';
import { RouterOsError } from '../errors.ts';
import { COMMENT, INTERFACE } from '../script/names.ts';
import type { Endpoint } from './endpoint.ts';

export const PEERS = '/interface/wireguard/peers';
export const NETWATCH = '/tool/netwatch';
export const FILTERS = { 4: '/ip/firewall/filter', 6: '/ipv6/firewall/filter' } as const;
/** Of what a router lists as ours; it is not asked for more, whatever it has. */
const MOST_ROWS = 1000;

export interface ReadPeer {
  id: string;
  /** As it is set. */
  endpoint: Endpoint;
  /** Where WireGuard sends at present: the address behind a name, or where the last good packet came from. */
  current: Endpoint;
  /** Since the last handshake; undefined: there was none. */
  handshakeMs: number | undefined;
}

/** A row of ours; one that is disabled was left so by a change that was cut off behind its proof. */
export interface ReadRow {
  id: string;
  isDisabled: boolean;
}

export interface ReadRule extends ReadRow {
  /** Without a length; empty: from anywhere. */
  source: string;
  sourcePort: string;
}

export interface ReadTable {
  /** That let WireGuard in from the server. */
  ours: readonly ReadRule[];
  /** Before which such a rule has to stand. */
  firstDrop?: string;
}

export interface ReadEndpoint {
  peer: ReadPeer;
  /** That ask again what the endpoint's name means. */
  lookers: readonly (ReadRow & { script: string })[];
  /** UDP port of the router's interface. */
  listenPort: string;
  /** By family; IPv6 is absent where the router has none. */
  tables: { 4: ReadTable; 6?: ReadTable };
}

/** Throws {@link RouterOsError}. */
export async function readPeer(api: RouterOsApi, options: CommandOptions = {}): Promise<ReadPeer> {
  const { rows } = await api.command(
    {
      path: `${PEERS}/print`,
      queries: [`interface=${INTERFACE}`],
      proplist: [
        '.id',
        'comment',
        'endpoint-address',
        'endpoint-port',
        'current-endpoint-address',
        'current-endpoint-port',
        'last-handshake',
      ],
    },
    { ...options, takeRows: MOST_ROWS },
  );
  const row = rows.find(({ comment }) => comment === COMMENT.interface) ?? rows[0];
  if (row === undefined)
    throw new RouterOsError('Trap', `The router has no peer on its interface ${INTERFACE}.`);
  const shake = row['last-handshake'] ?? '';
  return {
    id: row['.id'] ?? '',
    endpoint: { host: row['endpoint-address'] ?? '', port: Number(row['endpoint-port'] ?? 0) },
    current: { host: row['current-endpoint-address'] ?? '', port: Number(row['current-endpoint-port'] ?? 0) },
    handshakeMs: shake === '' ? undefined : durationMs(shake),
  };
}

/** Throws {@link RouterOsError}. */
export async function readEndpoint(api: RouterOsApi, options: CommandOptions = {}): Promise<ReadEndpoint> {
  const limited = { ...options, takeRows: MOST_ROWS };
  const [peer, lookers, interfaces, ipv4, ipv6] = await Promise.all([
    readPeer(api, options),
    api.command(
      {
        path: `${NETWATCH}/print`,
        queries: [`comment=${COMMENT.resolveAgain}`],
        proplist: ['.id', 'disabled', 'test-script'],
      },
      limited,
    ),
    api.command(
      {
        path: '/interface/wireguard/print',
        queries: [`name=${INTERFACE}`],
        proplist: ['listen-port'],
      },
      limited,
    ),
    readTable(api, FILTERS[4], limited),
    readTable(api, FILTERS[6], limited).catch((error: unknown) => {
      if (error instanceof RouterOsError && error.code === 'NoSuchCommand') return undefined;
      throw error;
    }),
  ]);
  return {
    peer,
    lookers: lookers.rows.map((row) => ({ ...rowOf(row), script: row['test-script'] ?? '' })),
    listenPort: interfaces.rows[0]?.['listen-port'] ?? '',
    tables: { 4: ipv4, ...(ipv6 && { 6: ipv6 }) },
  };
}

const rowOf = (row: ApiRow): ReadRow => ({ id: row['.id'] ?? '', isDisabled: isTrue(row.disabled) });

async function readTable(api: RouterOsApi, path: string, options: CommandOptions): Promise<ReadTable> {
  const { rows } = await api.command(
    {
      path: `${path}/print`,
      queries: ['chain=input'],
      proplist: ['.id', 'action', 'comment', 'disabled', 'dynamic', 'src-address', 'src-port'],
    },
    options,
  );
  const first = rows.find(
    ({ action = '', dynamic }) => !isTrue(dynamic) && ['drop', 'reject', 'tarpit', 'jump'].includes(action),
  );
  return {
    ours: rows
      .filter(({ comment }) => comment === COMMENT.endpointRule)
      .map((row) => ({
        ...rowOf(row),
        source: (row['src-address'] ?? '').replace(/\/(32|128)$/, ''),
        sourcePort: row['src-port'] ?? '',
      })),
    ...(first && { firstDrop: first['.id'] ?? '' }),
  };
}
