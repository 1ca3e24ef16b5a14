import type { ApiClient } from '../../api-client.ts';
import type { ControlPlane } from '../../control-plane.ts';
import { waitFor } from '../../wait.ts';

const MANIFEST = '/etc/kubernetes/manifests/kube-apiserver.yaml';
const ASIDE = '/etc/kubernetes/kube-apiserver.yaml';
const LONGEST_MS = 90_000;

/** Stops and starts an API server that kubelet runs by a file. @param exec runs a command where kubelet is */
export function apiServerSwitch(
  { request }: Pick<ApiClient, 'request'>,
  exec: (command: readonly string[]) => Promise<string>,
): Pick<ControlPlane, 'stopApiServer' | 'startApiServer' | 'restartApiServer'> {
  const status = (): Promise<number> =>
    request('GET', '/readyz').then(
      (answer) => answer.status,
      () => 0,
    );
  const stopApiServer = async (): Promise<void> => {
    await exec(['mv', MANIFEST, ASIDE]);
    await waitFor('the API server answers no more', async () => (await status()) === 0, LONGEST_MS);
  };
  const startApiServer = async (): Promise<void> => {
    await exec(['mv', ASIDE, MANIFEST]);
    await waitFor('the API server is ready', async () => (await status()) === 200, LONGEST_MS);
  };
  return {
    stopApiServer,
    startApiServer,
    restartApiServer: async () => {
      await stopApiServer();
      await startApiServer();
    },
  };
}
