/**
 * A router is given its next password. At each sentence that the agent sends for that the link is cut, before it or between
 * it and its answer; the agent has forgotten all afterwards, and the router has gone on or has restarted.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import type { RouterAccess } from '../../../src/api/index.ts';
import { configureRouter } from '../../../src/gateway/configuration-session.ts';
import { failureOf } from '../../../src/gateway/router-failure.ts';
import { renderScript } from '../../../src/routeros/index.ts';
import { RouterOs } from '../../simulator/engine/index.ts';
import { serveApi } from '../../simulator/machine/api/without-linux.ts';
import { BASE } from '../routeros/variants.ts';
import { type Cut, CutLink, type Moment } from './cut-link.ts';

const VERSIONS = ['7.9.2', '7.16.2', '7.24'];
const NEXT = 'n7-Zt4Kq2Lw9xB1cV6yH3sR8';
const LATER = 'p3_Gd8Mr5Jf2hQ7uT1kN6bW4';
const ACCESS: RouterAccess = { ...BASE.management, apiPort: 8728, next: NEXT, due: true };

const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) server.close();
});

/** A router on which the script was pasted. */
async function field(version: string) {
  const os = new RouterOs({
    version,
    board: 'hAP ax2',
    serialNumber: 'HD608ABCDEF',
    defaultFirewall: true,
    now: () => Date.UTC(2026, 5, 1),
  });
  // The server, which the script lets in alone, is loopback here.
  os.terminal().paste(renderScript({ ...BASE, server: { ...BASE.server, address: '127.0.0.1' } }));
  const server = createServer((socket) => {
    serveApi(socket, { os, saysEmpty: version !== '7.9.2' });
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const attempt = (
    access: RouterAccess,
    { link = new CutLink(), revision = undefined as number | undefined } = {},
  ) =>
    configureRouter({
      dial: async () => link.through(connect(port, '127.0.0.1')),
      access,
      revision,
      identity: 'branch-7',
      signal: new AbortController().signal,
    });
  return { os, attempt };
}

/** Which of these open the API. */
const open = (os: RouterOs, passwords: readonly string[]): string[] =>
  passwords.filter((password) => {
    try {
      os.authenticate(ACCESS.user, password, '127.0.0.1');
      return true;
    } catch {
      return false;
    }
  });

const ALL = [ACCESS.password, NEXT, LATER];

describe.each(VERSIONS)('RouterOS %s', (version) => {
  test('has the next password after the first session, and the script opens nothing any more', async () => {
    const { os, attempt } = await field(version);
    const { revision, facts } = await attempt(ACCESS);
    expect(revision).toBe(1);
    expect(facts.identity).toBe('branch-7');
    expect(open(os, ALL)).toEqual([NEXT]);
  });

  test('is left alone when nothing is due', async () => {
    const { os, attempt } = await field(version);
    const { due: _, ...quiet } = ACCESS;
    expect((await attempt(quiet)).revision).toBe(0);
    expect(open(os, ALL)).toEqual([ACCESS.password]);
  });

  test('is logged in to by what it has, whatever is known of it: one refusal at most', async () => {
    const { os, attempt } = await field(version);
    await attempt(ACCESS);
    for (const revision of [undefined, 0, 1, 7])
      expect((await attempt(ACCESS, { revision })).revision).toBe(1);
    const refusals = os.rows('/log').filter(({ message }) => message?.includes('login failure'));
    expect(refusals).toHaveLength(3);
  });

  test('follows a second change, with the one after it known before', async () => {
    const { os, attempt } = await field(version);
    await attempt(ACCESS);
    const second: RouterAccess = { ...ACCESS, password: NEXT, next: LATER, revision: 1 };
    expect((await attempt(second)).revision).toBe(2);
    expect(open(os, ALL)).toEqual([LATER]);
    // A ledger that is older by that change still has it.
    expect((await attempt(second)).revision).toBe(2);
  });

  test('that has neither password is refused, and says so', async () => {
    const { os, attempt } = await field(version);
    os.terminal().paste('/user/set [find where name="tenant-tunnel"] password="somethingelse1A-"');
    const error = await attempt(ACCESS).catch((error: unknown) => error);
    expect(failureOf(error, ACCESS)).toMatchObject({
      reason: 'LoginRefused',
      message: expect.stringContaining('spec.script.renew'),
    });
  });

  test('that wants longer passwords than ours keeps the one that it has', async () => {
    const { os, attempt } = await field(version);
    os.terminal().paste('/user/settings/set minimum-password-length=40');
    const error = await attempt(ACCESS).catch((error: unknown) => error);
    expect(failureOf(error, ACCESS)?.reason).toBe('ConfigurationFailed');
    expect(open(os, ALL)).toEqual([ACCESS.password]);
  });
});

/** Every place at which one rotation can be cut. */
async function cuts(version: string): Promise<Cut[]> {
  const { attempt } = await field(version);
  const link = new CutLink();
  await attempt(ACCESS, { link });
  const numbers = Array.from({ length: link.sentences }, (_, at) => at + 1);
  return numbers.flatMap((sentence) =>
    (['before', 'after'] as Moment[]).map((moment) => ({ sentence, moment })),
  );
}

test('cut off at any sentence, a router is reached again and has exactly one password that is known', async () => {
  let count = 0;
  for (const version of VERSIONS) {
    const places = await cuts(version);
    // The log-in, four questions, the user, its password, the proof.
    expect(places.length).toBeGreaterThanOrEqual(16);
    for (const cut of places) {
      for (const end of ['goes on', 'restarts'] as const) {
        const { os, attempt } = await field(version);
        const link = new CutLink(cut);
        const where = `${version}, ${cut.moment} sentence ${cut.sentence}, the router ${end}`;
        await attempt(ACCESS, { link }).catch(() => undefined);
        expect([where, link.isCut]).toEqual([where, true]);
        // At no moment more than one, nor any that the ledger does not have.
        expect([where, open(os, ALL).length]).toEqual([where, 1]);
        if (end === 'restarts') os.restarted();
        expect([where, (await attempt(ACCESS)).revision]).toEqual([where, 1]);
        expect([where, open(os, ALL)]).toEqual([where, [NEXT]]);
        count += 1;
      }
    }
  }
  process.stdout.write(`password rotation: ${count} cuts on ${VERSIONS.join(', ')}, all reached again\n`);
}, 120_000);
