import type { ControllerHarness } from '../controller/harness.ts';
import { routersIn } from './fleet.ts';

/** Takes away what every manager has ever written to a status. */
export async function loseStatuses(harness: ControllerHarness): Promise<number> {
  const routers = (await routersIn(harness)).map(({ metadata }) =>
    harness.path('routers', `${metadata.namespace}/${metadata.name}`),
  );
  const tunnels = (await harness.tunnels()).map(({ metadata }) =>
    harness.path('tenanttunnels', `${metadata.namespace}/${metadata.name}`),
  );
  const classes = ['standard', 'quantum'].map((name) => harness.classPath(name));
  for (const path of [...routers, ...tunnels, ...classes]) {
    const answer = await harness.plane.request(
      'PATCH',
      `${path}/status`,
      { status: null },
      'application/merge-patch+json',
    );
    if (answer.status !== 200) throw new Error(answer.text);
  }
  return routers.length + tunnels.length + classes.length;
}
