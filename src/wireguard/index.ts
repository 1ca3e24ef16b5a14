export { type ObserveOptions, SidecarClient, type SidecarClientOptions } from './client/client.ts';
export { parsePeers } from './configuration/parse.ts';
export { renderPeers } from './configuration/render.ts';
export { SidecarError, type SidecarErrorCode, WireGuardError } from './errors.ts';
export { generateKeyPair, generatePresharedKey, isKey, type KeyPair, publicKeyOf } from './keys.ts';
export { inNamespace, type Namespace, openNamespace } from './namespace/namespace.ts';
export type * from './protocol.ts';
export { MAX_REQUEST_BYTES, PROTOCOL_VERSION } from './protocol.ts';
export { type RunningSidecar, type SidecarMetrics, type SidecarOptions, startSidecar } from './sidecar.ts';
