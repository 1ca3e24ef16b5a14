import type { Chance } from './chance.ts';
import type { Deed } from './steps.ts';

const DEEDS: readonly Deed[] = [
  { do: 'kill', slot: 'A' },
  { do: 'duty', slot: 'B', duty: 'lead' },
  { do: 'duty', slot: 'A', duty: 'standby' },
  { do: 'duty', slot: 'A', duty: 'lead' },
  { do: 'cut', slot: 'A' },
  { do: 'compact' },
  { do: 'stall', slot: 'A', ms: 5000 },
  { do: 'weather', name: 'stormy' },
  { do: 'weather', name: 'stale' },
  { do: 'weather', name: 'down' },
];

/** What happens to processes and the network alone: always a restart, and some more. */
export function shaking(chance: Chance): Deed[] {
  const more = Array.from({ length: 4 }, (_, at) => chance.pick(`shaking ${at}`, DEEDS));
  return [...more, { do: 'weather', name: 'calm' }, { do: 'kill', slot: 'A' }];
}
