import type { RouterProfileSpec } from '../../api/index.ts';
import { compile } from './compile.ts';
import { IS_NOTE, type RowProblem } from './problem.ts';
import type { Subject } from './variables.ts';

/** Stands for whatever a router may say. */
const ANYTHING = 'x';

const anyLabel: Record<string, string> = new Proxy(
  {},
  {
    get: () => ANYTHING,
    getOwnPropertyDescriptor: () => ({ value: ANYTHING, configurable: true, enumerable: true }),
  },
);

const ANY_ROUTER: Subject = {
  router: {
    name: ANYTHING,
    namespace: ANYTHING,
    address: ANYTHING,
    identity: ANYTHING,
    tenant: ANYTHING,
    labels: anyLabel,
  },
  tunnel: {
    name: ANYTHING,
    serverAddress: ANYTHING,
    subnet: ANYTHING,
    listenPort: ANYTHING,
    endpoint: ANYTHING,
    interface: ANYTHING,
  },
  facts: { model: ANYTHING, version: ANYTHING, serialNumber: ANYTHING, identity: ANYTHING },
};

/** Of no router. */
const NOBODY = { user: '\0', address: '\0' };

/** What is wrong with rows of a profile on every router, whatever that is: known before there is one. */
export function problemsBeforehand(profile: string, spec: RouterProfileSpec): RowProblem[] {
  const secrets = new Map(
    (spec.values ?? []).flatMap(({ name, secretKeyRef }) =>
      secretKeyRef === undefined ? [] : [[name, ANYTHING] as const],
    ),
  );
  const { problems } = compile([{ profile, spec, secrets }], ANY_ROUTER, NOBODY);
  return problems.filter(({ reason }) => !IS_NOTE.has(reason));
}
