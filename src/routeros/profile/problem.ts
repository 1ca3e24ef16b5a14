/** What is wrong with one row of a profile on one router. Never holds a value of a Secret. */
export type ProblemReason =
  /** A template asks for what is not there, or goes round in a circle. */
  | 'TemplateFailed'
  /** The row, or the whole menu, is not for profiles. */
  | 'Reserved'
  /** What is written cannot be a row: no name of a property, too long. */
  | 'Invalid'
  /** More rows than one router gets. */
  | 'TooManyRows'
  /** Two say something different of the same property of the same row; the later one wins. */
  | 'Overridden'
  | 'UnknownMenu'
  | 'UnknownArgument'
  /** `match` finds several rows, or one that another row has already. */
  | 'Ambiguous'
  /** The device-mode of the router forbids it. */
  | 'DeviceMode'
  /** The router refused it. */
  | 'RouterRefused'
  /** What would be lost could not be put back. */
  | 'CannotUndo'
  /** It would have cut us off, and was undone. */
  | 'Undone'
  /** What the router has could not be read. */
  | 'Unreadable'
  /** The router reads something else than it was set to. */
  | 'ReadsDifferently'
  /** Somebody changed it on the router, and the profile only reports. */
  | 'Drifted'
  /** A dry run: this would be done. */
  | 'Planned';

export interface RowProblem {
  /** `namespace/name` of the RouterProfile. */
  profile: string;
  /** E.g. `/ip/pool name=guests`; absent: of the whole profile. */
  row?: string;
  reason: ProblemReason;
  message: string;
}

/** These are told, and yet the profile has been applied. */
export const IS_NOTE: ReadonlySet<ProblemReason> = new Set(['Overridden', 'ReadsDifferently']);
