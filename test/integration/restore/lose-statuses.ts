import type { ControllerHarness } from '../controller/harness.ts';

const GROUP_PATH = '/apis/vpn.traidnet.io/v1alpha1';

/** Takes away what every manager has ever written to any status; answers of how many objects. */
export async function loseStatuses({ plane }: ControllerHarness): Promise<number> {
  let count = 0;
  for (const plural of ['routers', 'tenanttunnels', 'tunnelclasses']) {
    const { items } = (await plane.request('GET', `${GROUP_PATH}/${plural}`)).json();
    for (const { metadata } of items) {
      const folder = metadata.namespace === undefined ? '' : `/namespaces/${metadata.namespace}`;
      const path = `${GROUP_PATH}${folder}/${plural}/${metadata.name}/status`;
      const answer = await plane.request('PATCH', path, { status: null }, 'application/merge-patch+json');
      if (answer.status !== 200) throw new Error(answer.text);
      count++;
    }
  }
  return count;
}
