import { type Member, namespaceOf, type Tenant } from './cast.ts';
import { Matrix } from './matrix.ts';
import type { Draft } from './packets.ts';
import { nameOf, type Scene } from './scene.ts';
import type { Shot } from './traffic.ts';
import { sendOn } from './wire.ts';

/** What one IP version's packets are and where they go. */
export interface Sweep {
  kinds: Record<string, { make: (draft: Draft) => Buffer[] }>;
  /** To each destination, of each router: so many with its own sources, and as many with others'. */
  packets: number;
  /** Where a router may want to get, with who would have to see it. */
  columnsOf(tenant: Tenant, other: Member): Record<string, { to: string; at: string }>;
  /** The whole of the rules, by which the sidecar's are held: who must see this packet, of a source of its sender's own. */
  dueAt(tenant: Tenant, column: string, kind: string, isOwnAddress: boolean): boolean;
  ownSources(member: Member): readonly string[];
  forgedSources(tenant: Tenant, member: Member, other: Member): readonly string[];
  /** From a router's first own source to its server, which answers. */
  echoToServer(tenant: Tenant, member: Member): { id: number; packet: Buffer };
  /** Whether WireGuard lets it in, for the rules to decide on, with a source of its sender's own. */
  enters(packets: readonly Buffer[]): boolean;
}

export interface Swept {
  own: Matrix;
  forged: Matrix;
  /** A line for each that was lost, seen where it should not be, or let in by WireGuard with a source of somebody else's. */
  wrong: string[];
  /** How many had to pass. */
  due: number;
}

/** Sends packets of all kinds from every router to everywhere, with its own sources and with forged ones. */
export async function sweep(scene: Scene, plan: Sweep): Promise<Swept> {
  const { cast, traffic } = scene;
  const kinds = Object.keys(plan.kinds);
  const own = new Matrix();
  const forged = new Matrix();
  const judged: { row: string; column: string; matrix: Matrix; shots: Shot[]; door: string }[] = [];
  for (const tenant of cast.tenants) {
    for (const [number, member] of tenant.members.entries()) {
      const row = nameOf(member);
      const other = tenant.members[1 - number] as Member;
      const sender = sendOn(namespaceOf(member.router.node), 'rt0');
      const marker = (): Shot => {
        const { id, packet } = plan.echoToServer(tenant, member);
        return { id, packets: [packet], expected: [row] };
      };
      const sources = plan.ownSources(member);
      const forgeries = plan.forgedSources(tenant, member, other);
      for (const [column, { to, at }] of Object.entries(plan.columnsOf(tenant, other))) {
        for (const [matrix, choice] of [
          [own, sources],
          [forged, forgeries],
        ] as const) {
          const shots = Array.from({ length: plan.packets }, (_, count): Shot => {
            const kind = kinds[count % kinds.length] as string;
            const one = scene.draft(scene.pick(choice), to);
            const isDue = matrix === own && plan.dueAt(tenant, column, kind, one.source === sources[0]);
            return { id: one.id, packets: plan.kinds[kind]?.make(one) ?? [], expected: isDue ? [at] : [] };
          });
          await traffic.send(sender, shots, marker);
          judged.push({ row, column, matrix, shots, door: `door of ${tenant.name}` });
        }
      }
      sender.close();
    }
  }
  await traffic.settle(2000);

  const wrong: string[] = [];
  let due = 0;
  for (const { row, column, matrix, shots, door } of judged) {
    const { passed, lost, strays } = traffic.judge(shots, row, door);
    const expected = shots.filter((shot) => shot.expected.length > 0).length;
    due += expected;
    // WireGuard lets in what has a source of its sender's own; for the rest it is the rules' turn.
    const entitled = matrix === own ? shots.filter(({ packets }) => plan.enters(packets)).length : 0;
    const entered = traffic.countSeen(shots, door);
    if (entered !== entitled) wrong.push(`${row} → ${column}: ${entered} entered, not ${entitled}`);
    matrix.add(row, column, { sent: shots.length, passed, due: expected });
    const kindOf = (id: number): string => kinds[(id - (shots[0]?.id ?? 0)) % kinds.length] ?? '';
    if (lost.length > 0)
      wrong.push(`${row} → ${column}: ${lost.length} lost (${[...new Set(lost.map(kindOf))]})`);
    for (const [id, who] of strays) wrong.push(`${row} → ${column}: ${kindOf(id)} seen by ${who}`);
  }
  return { own, forged, wrong, due };
}
