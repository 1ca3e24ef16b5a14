/** The certificate of the relay, as a Secret of type kubernetes.io/tls lies in a volume; cert-manager renews it there. */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { type Clock, type Logger, messageOf, sleep } from '../../kube/index.ts';

/** PEM. */
export interface Certificate {
  certificate: string;
  key: string;
  /** What certificates of other relays are held against: ca.crt, or else the certificate itself. */
  authorities: string;
  /** Unix ms. */
  expires: number;
}

export interface CertificateFilesOptions {
  /** With tls.crt, tls.key and, where there is one, ca.crt. */
  directory: string;
  clock: Clock;
  logger: Logger;
  /** It is there, or another one than before. */
  onChange: (certificate: Certificate) => void;
}

/** A Secret takes the kubelet about a minute to bring. */
const LOOK_MS = 30_000;
const LOOK_FOR_FIRST_MS = 2_000;

/** Reads the files again and again until the signal: inotify instances are few on a node. */
export class CertificateFiles {
  readonly #options: CertificateFilesOptions;
  #current: Certificate | undefined;
  #problem = '';

  constructor(options: CertificateFilesOptions) {
    this.#options = options;
  }

  get current(): Certificate | undefined {
    return this.#current;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      await this.#look();
      await sleep(clock, this.#current === undefined ? LOOK_FOR_FIRST_MS : LOOK_MS, signal);
    }
  }

  async #look(): Promise<void> {
    const { directory, logger, onChange } = this.#options;
    try {
      const read = await readCertificate(directory);
      this.#problem = '';
      const { certificate, key, authorities } = this.#current ?? {};
      if (read.certificate === certificate && read.key === key && read.authorities === authorities) return;
      this.#current = read;
      logger.info({ expires: new Date(read.expires).toISOString() }, 'The relay has a new certificate.');
      onChange(read);
    } catch (error) {
      const problem = messageOf(error);
      if (problem === this.#problem) return;
      this.#problem = problem;
      const meanwhile =
        this.#current === undefined ? 'the relay waits for one that does' : 'the relay keeps the one it has';
      logger.warn({ directory, problem }, `The certificate of the relay cannot be used; ${meanwhile}.`);
    }
  }
}

/** @throws a sentence that holds nothing of the key */
export async function readCertificate(directory: string): Promise<Certificate> {
  const file = (name: string): Promise<string> => readFile(join(directory, name), 'utf8');
  const [certificate, key, ca] = await Promise.all([
    file('tls.crt'),
    file('tls.key'),
    file('ca.crt').catch(() => ''),
  ]);
  const parsed = new X509Certificate(certificate);
  // Refuses a key that is not that of the certificate.
  createSecureContext({ cert: certificate, key });
  return {
    certificate,
    key,
    authorities: ca.trim() === '' ? certificate : ca,
    expires: parsed.validToDate.getTime(),
  };
}
