/** Where an API server listens, and by which certificate it is known there: flags of kube-apiserver. */
import { join } from 'node:path';
import { writeCertificates } from './certificates.ts';

/** Where it listens on a host of its own. */
export const HOST_PORT = 6443;

export interface Listening {
  caFile: string;
  args: string[];
}

export function onLoopback(directory: string, port: number): Listening {
  return {
    // The server makes a certificate, which is its own authority.
    caFile: join(directory, 'certs', 'apiserver.crt'),
    args: [
      '--bind-address=127.0.0.1',
      '--advertise-address=127.0.0.1',
      // There is no network for the `kubernetes` Service to be reached over.
      '--endpoint-reconciler-type=none',
      `--secure-port=${port}`,
      `--cert-dir=${join(directory, 'certs')}`,
      '--authorization-mode=RBAC',
    ],
  };
}

export function onHost(directory: string, address: string): Listening {
  const service = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc'];
  const names = ['127.0.0.1', 'localhost', address, '10.96.0.1', ...service];
  const { caFile, server, kubeletClient } = writeCertificates(directory, names);
  return {
    caFile,
    args: [
      '--bind-address=0.0.0.0',
      `--advertise-address=${address}`,
      `--secure-port=${HOST_PORT}`,
      `--tls-cert-file=${server.certificate}`,
      `--tls-private-key-file=${server.key}`,
      `--kubelet-client-certificate=${kubeletClient.certificate}`,
      `--kubelet-client-key=${kubeletClient.key}`,
      '--kubelet-preferred-address-types=InternalIP',
      `--client-ca-file=${caFile}`,
      '--authorization-mode=Node,RBAC',
      '--enable-admission-plugins=NodeRestriction',
    ],
  };
}
