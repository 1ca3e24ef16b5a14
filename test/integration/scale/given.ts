import type { Picture } from './picture.ts';

interface Gift {
  /** Of the manifest that it was given for. */
  generation: number | undefined;
  address: string | undefined;
  publicKey: string | undefined;
  script: string;
}

/** Remembers what each Router, by uid, was once given: none of it changes by itself, whoever dies. */
export class Given {
  readonly #gifts = new Map<string, Gift>();

  /** Takes in a picture; answers what is not as it was, in words. */
  compare({ routers }: Picture): string[] {
    const changed: string[] = [];
    for (const [key, { metadata, spec, status }] of routers) {
      const { address, publicKey, script } = status ?? {};
      const before = this.#gifts.get(metadata.uid);
      if (script === undefined) {
        if (before !== undefined) changed.push(`${key} lost its script`);
        continue;
      }
      const now = { generation: status?.observedGeneration, address, publicKey, script };
      this.#gifts.set(metadata.uid, now);
      if (before === undefined) continue;
      if (before.address !== address) changed.push(`${key} had address ${before.address} and has ${address}`);
      if (before.publicKey !== publicKey && spec.publicKey === undefined)
        changed.push(`${key} has another key`);
      // A person's change, such as of the identity, makes another script.
      if (before.generation === now.generation && before.script !== script) {
        changed.push(`${key} has another script, unasked`);
      }
    }
    return changed;
  }
}
