export type {
  ApiCommand,
  ApiLimits,
  ApiOptions,
  ApiReply,
  ApiRow,
  CommandOptions,
  RouterOsApi,
} from './api/client.ts';
export { RouterOsError, type RouterOsErrorCode } from './errors.ts';
export { type RouterFacts, type RouterInterface, readFacts, setIdentity } from './facts.ts';
export type { ScriptInput } from './script/input.ts';
export {
  identityProblem,
  MAX_IDENTITY_BYTES,
  MAX_USER_BYTES,
  managementUserProblem,
} from './script/limits.ts';
export { quote } from './script/quote.ts';
export { renderScript } from './script/render.ts';
export { compareVersions, OLDEST_SUPPORTED, parseVersion, type RouterOsVersion } from './version.ts';
