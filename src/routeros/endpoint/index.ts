/** What a router connects to, and how it is brought to connect elsewhere. */

export { type Endpoint, isSameEndpoint } from './endpoint.ts';
export { type MoveInput, type MoveOutcome, moveEndpoint } from './move.ts';
export { readPeer } from './read.ts';
