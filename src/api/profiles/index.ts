/** What controller and gateways both decide about profiles: who gets which, in which order and when. Pure. */
export { matchesGlob } from './glob.ts';
export { profileRevision, selectorHash } from './revision.ts';
export * from './routeros-version.ts';
export * from './select.ts';
export * from './turn.ts';
export * from './values.ts';
export * from './wave.ts';
export { isTimeZone, type WindowState, windowState } from './window.ts';
