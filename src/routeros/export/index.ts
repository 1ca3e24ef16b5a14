/** A router's configuration as text. */

export { bytesOf as exportBytes } from '../text.ts';
export { askExport } from './ask-export.ts';
export type { RouterExport } from './export-text.ts';
