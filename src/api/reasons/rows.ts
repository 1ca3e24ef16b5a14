/**
 * Reasons in `status.profiles[].problems` of a Router: why a row of a profile is not as it says, or what there is to
 * know of it. docs/profiles.md explains each.
 */
export const ROW_REASONS = {
  TemplateFailed:
    'A template asks for what this router or the profile does not have, or values go round in a circle.',
  Reserved: 'The row, or the whole menu, is not for profiles: it connects the router to the operator.',
  Invalid: 'What is written cannot be a row of that menu.',
  TooManyRows: 'All profiles of a router together have more rows than one router gets.',
  Overridden: 'A later profile says something else of the same property; told, and applied.',
  UnknownMenu: 'This version of RouterOS, or this router without a package, has no such menu.',
  UnknownArgument: 'This version of RouterOS has no such property in that menu.',
  Ambiguous: 'match finds several rows, or one that another row of a profile has already.',
  DeviceMode: 'The device-mode of the router forbids a feature: nothing of the profile is done.',
  RouterRefused: 'The router refused the row; its words are in the message.',
  CannotUndo: 'The change could cut the router off, and could not be put back if it did: it is not made.',
  Undone: 'The change cut the router off, and was undone. The same revision rests there for 6 hours.',
  Unreadable: 'What the router has in that menu could not be read.',
  ReadsDifferently:
    'The router says it otherwise than it was written, which is taken for the same; told, and applied.',
  Drifted: 'Somebody changed the row on the router, and the profile only reports.',
  Planned: 'A dry run: what would be done.',
  More: 'There are more of these than are listed.',
} as const;

export type RowReason = keyof typeof ROW_REASONS;
