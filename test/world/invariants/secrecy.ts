/** 6. No private key or password but in a Secret, and in a script that waits to be pasted. */
import type { KubeObject } from '../../../src/kube/index.ts';
import type { Change } from '../api/server.ts';
import { SECRET } from '../secrets.ts';
import { Violation } from '../violation.ts';

export function secretsStayIn({ plural, key, after }: Change): void {
  if (plural === 'secrets' || after === undefined) return;
  const { status, ...rest } = after as KubeObject & { status?: { script?: string } };
  const { script: _, ...said } = status ?? {};
  if (JSON.stringify([rest, said]).includes(SECRET))
    throw new Violation('6 secrets', `${plural} ${key} holds one`);
}
