import type { Deed } from '../steps.ts';
import type { Draw } from './draw.ts';

/** One sort of steps. */
export interface Topic {
  name: string;
  /** How likely a history has it. */
  share: number;
  weight: number;
  /** Topics that a history with this one does not have. */
  excludes?: readonly string[];
  deeds: (draw: Draw) => (Deed & { after?: number })[];
}
