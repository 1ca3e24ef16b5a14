import type { Rule } from '../schema/schema.ts';

/**
 * A pin may be added, corrected and taken away as long as nothing was given. From then on a change must name what was
 * given. It is a rule of the whole object, because `self == oldSelf` on the field itself is skipped when the field is
 * added or removed. Only a change is judged: a status that says otherwise can still be written.
 */
export const frozen = (field: string, given: string, what: string): Rule => ({
  rule: [
    `!has(oldSelf.status) || !has(oldSelf.status.${given})`,
    `(!has(self.spec.${field}) && !has(oldSelf.spec.${field}))`,
    `(has(self.spec.${field}) && (self.spec.${field} == oldSelf.status.${given} || (has(oldSelf.spec.${field}) && self.spec.${field} == oldSelf.spec.${field})))`,
  ].join(' || '),
  message: `the ${field} of a ${what} never changes once it was given: put back what it was, or delete the ${what} and create it again`,
  messageExpression: `'this ${what} was given ${field} %s, which never changes: write that, or delete the ${what} and create it again'.format([string(oldSelf.status.${given})])`,
  reason: 'FieldValueForbidden',
  fieldPath: `.spec.${field}`,
});
