/** What a script holds that only the router and the operator know. */
export interface ScriptSecrets {
  /** Absent where the router keeps its own. */
  privateKey?: string;
  presharedKey?: string;
  management: { user: string; password: string; apiPort: number };
}

const TEXT = '"([^"]*)"';
const KEY = new RegExp(`^  :local ttKey ${TEXT}\\n  :if \\(\\[:len \\[/interface/wireguard/find `, 'm');
const SHARED = new RegExp(`^  :local ttShared ${TEXT}$`, 'm');
const USER = new RegExp(`^    /user/add name=${TEXT} group=`, 'm');
const PASSWORD = new RegExp(`^  :local ttPass ${TEXT}$`, 'm');
const PORT = new RegExp(`^  /ip/service/set api disabled=no port=${TEXT}$`, 'm');

/**
 * The secrets in a script that {@link renderScript} wrote, undefined where it is none. Nothing in it is proven: whoever
 * could write the text could write anything, so a private key must be held against the public key that is known.
 */
export function readSecrets(script: string): ScriptSecrets | undefined {
  const [user, password, port] = [USER, PASSWORD, PORT].map((one) => textOf(one, script));
  if (!user || !password || !/^\d{1,5}$/.test(port ?? '')) return undefined;
  const [privateKey, presharedKey] = [KEY, SHARED].map((one) => textOf(one, script));
  return {
    ...(privateKey === undefined ? {} : { privateKey }),
    ...(presharedKey === undefined ? {} : { presharedKey }),
    management: { user, password, apiPort: Number(port) },
  };
}

/** Undoes `quote`, which lets no double quote into a text. */
function textOf(pattern: RegExp, script: string): string | undefined {
  const quoted = pattern.exec(script)?.[1];
  if (quoted === undefined) return undefined;
  const bytes = quoted.replace(/\\([0-9A-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
