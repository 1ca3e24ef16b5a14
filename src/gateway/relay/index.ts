export { Relay, type RelayOptions, type RelaySettings } from './relay.ts';
