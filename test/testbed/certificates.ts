import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface ClusterCertificates {
  caFile: string;
  /** What the API server shows. */
  server: { certificate: string; key: string };
  /** What the API server shows to kubelets. */
  kubeletClient: { certificate: string; key: string };
}

const DAYS = '30';

/**
 * The certificates of a cluster with nodes, in files of a directory.
 *
 * @param addresses where the API server is reached: IPv4 addresses and names.
 */
export function writeCertificates(directory: string, addresses: readonly string[]): ClusterCertificates {
  const names = addresses.map((one) => (/^[\d.]+$/.test(one) ? `IP:${one}` : `DNS:${one}`));
  const config = join(directory, 'openssl.cnf');
  writeFileSync(
    config,
    `[req]
distinguished_name = name
[name]
[ca]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign,cRLSign
[server]
extendedKeyUsage = serverAuth
subjectAltName = ${names.join(',')}
[client]
extendedKeyUsage = clientAuth
`,
  );
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const file = (name: string): string => join(directory, name);
  const caFile = file('ca.crt');
  const ca = ['-subj', '/CN=tenant-tunnel-testbed', '-keyout', file('ca.key'), '-out', caFile];
  openssl(['req', '-x509', '-config', config, '-extensions', 'ca', '-days', DAYS, ...key, ...ca]);
  const issue = (kind: 'server' | 'client', subject: string, serial: string) => {
    const issued = { certificate: file(`${kind}.crt`), key: file(`${kind}.key`) };
    const request = file(`${kind}.csr`);
    openssl(['req', '-config', config, ...key, '-subj', subject, '-keyout', issued.key, '-out', request]);
    const by = ['-CA', caFile, '-CAkey', file('ca.key'), '-set_serial', serial, '-days', DAYS];
    const extensions = ['-extfile', config, '-extensions', kind];
    openssl(['x509', '-req', '-in', request, ...by, ...extensions, '-out', issued.certificate]);
    return issued;
  };
  return {
    caFile,
    server: issue('server', '/CN=kube-apiserver', '2'),
    kubeletClient: issue('client', '/O=system:masters/CN=kube-apiserver', '3'),
  };
}

function openssl(args: readonly string[]): void {
  const { status, stderr, error } = spawnSync('openssl', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`openssl ${args[0]} failed: ${error?.message ?? stderr}`);
}
