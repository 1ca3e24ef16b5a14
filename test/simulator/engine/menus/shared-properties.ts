import type { Property } from '../configuration/definition.ts';
import { bool, text } from '../values/types.ts';

export const comment: Property = { name: 'comment', type: text };
export const disabled: Property = { name: 'disabled', type: bool, default: 'false' };
export const invalid: Property = { name: 'invalid', type: bool, readOnly: true, default: 'false' };
