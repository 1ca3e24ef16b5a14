import { type Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { ProcessError } from './errors.ts';

export interface FlagOptions<T> {
  /** Used when neither flag nor variable is given; absent and not `optional`: the flag is required. */
  default?: string;
  /** May stay undefined. */
  optional?: boolean;
  /** Throws ProcessError with a sentence on what to write instead. */
  parse: (text: string) => T;
  /** Instead of the variable's usual name, `TTO_` and the flag's name. */
  env?: string;
  /** `--flag` alone means true. */
  isSwitch?: boolean;
}

/** `--metrics-address` → `TTO_METRICS_ADDRESS`. */
export const environmentName = (flag: string): string => `TTO_${flag.toUpperCase().replaceAll('-', '_')}`;

/**
 * A flag with its environment variable; the flag wins. The default passes the same parser.
 *
 * @param value what the value is called in `--help`, such as `host:port`.
 */
export function flag<T>(name: string, value: string, description: string, options: FlagOptions<T>): Option {
  const parse = (text: string): T => {
    try {
      return options.parse(text);
    } catch (error) {
      if (error instanceof ProcessError) throw new InvalidArgumentError(error.message);
      throw error;
    }
  };
  const shape = options.isSwitch ? `[${value}]` : `<${value}>`;
  const option = new Option(`--${name} ${shape}`, description)
    .env(options.env ?? environmentName(name))
    .argParser(parse);
  if (options.default !== undefined) option.default(parse(options.default), options.default);
  else if (!options.optional) option.makeOptionMandatory();
  return option;
}

/** Exit code of a command line or configuration that cannot be used. */
export const EXIT_USAGE = 2;

/**
 * Runs a commander program. A wrong command line is answered with a sentence on stderr and exit code 2; `--help` and
 * `--version` with their text and 0.
 *
 * @returns the exit code, or undefined when a subcommand has run.
 */
export async function runProgram(program: Command, args: readonly string[]): Promise<number | undefined> {
  overrideExit(program);
  try {
    await program.parseAsync(args, { from: 'user' });
    return undefined;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
    if (error instanceof ProcessError && error.code === 'InvalidConfiguration') {
      program.configureOutput().writeErr?.(`error: ${error.message}\n`);
      return EXIT_USAGE;
    }
    throw error;
  }
}

function overrideExit(command: Command): void {
  command.exitOverride();
  command.showHelpAfterError(`(${command.name()} --help lists what there is)`);
  for (const child of command.commands) {
    child.copyInheritedSettings(command);
    overrideExit(child);
  }
}
