import type { RouterProfileSpec } from '../../api/index.ts';
import { type Lookup, type Rendered, render, TemplateError } from './template.ts';

/** What templates may ask for. What is undefined or empty is missing. */
export interface Subject {
  router: {
    name: string;
    namespace: string;
    address?: string | undefined;
    identity?: string | undefined;
    tenant?: string | undefined;
    labels: Readonly<Record<string, string>>;
  };
  tunnel: {
    name?: string | undefined;
    serverAddress?: string | undefined;
    subnet?: string | undefined;
    listenPort?: string | undefined;
    endpoint?: string | undefined;
    /** Of the interface on the router. */
    interface?: string | undefined;
  };
  facts: {
    model?: string | undefined;
    version?: string | undefined;
    serialNumber?: string | undefined;
    identity?: string | undefined;
  };
}

/** Of templates: how deep values may refer to values. */
const DEEPEST = 16;

/**
 * The names of one profile. `secrets`: what its `values` with a secretKeyRef are, by their names. Values may be
 * templates themselves.
 */
export function lookupOf(
  subject: Subject,
  values: RouterProfileSpec['values'],
  secrets: ReadonlyMap<string, string>,
): Lookup {
  const known = new Map<string, Rendered>();
  const open: string[] = [];
  const ofValue = (name: string): Rendered => {
    const found = known.get(name);
    if (found !== undefined) return found;
    const value = values?.find((one) => one.name === name);
    if (value === undefined)
      throw new TemplateError(`values.${name} is missing: write it in spec.values of the profile`);
    if (value.secretKeyRef !== undefined) {
      const text = secrets.get(name);
      if (text === undefined)
        throw new TemplateError(
          `values.${name} is missing: its Secret ${value.secretKeyRef.name} or the key ${value.secretKeyRef.key} is not there, or the operator may not read it`,
        );
      return { text, secret: true };
    }
    if (open.includes(name) || open.length >= DEEPEST)
      throw new TemplateError(`values go round in a circle: ${[...open, name].join(' → ')}`);
    open.push(name);
    try {
      const rendered = render(value.value ?? '', lookup);
      known.set(name, rendered);
      return rendered;
    } finally {
      open.pop();
    }
  };
  const lookup: Lookup = (name) => {
    const [group = '', key = '', ...more] = name;
    if (group === 'values' && more.length === 0) return ofValue(key);
    if (group === 'router' && key === 'labels' && more.length === 1)
      return given(subject.router.labels, more[0] ?? '', name);
    const groups: Record<string, object> = {
      router: subject.router,
      tunnel: subject.tunnel,
      facts: subject.facts,
    };
    if (more.length > 0 || !Object.hasOwn(groups, group) || key === 'labels')
      throw new TemplateError(`${shown(name)} is nothing that templates know; see docs/profiles.md`);
    return given(groups[group] as Record<string, string>, key, name);
  };
  return lookup;
}

function given(from: Readonly<Record<string, string>>, key: string, name: readonly string[]): Rendered {
  const text = Object.hasOwn(from, key) ? from[key] : undefined;
  if (text === undefined || text === '') throw new TemplateError(`${shown(name)} is missing on this router`);
  return { text, secret: false };
}

const shown = (name: readonly string[]): string => name.join('.').slice(0, 128);
