import { Command } from 'commander';
import { runProgram } from '../process/index.ts';
import { agentCommand } from './agent.ts';
import { controllerCommand } from './controller.ts';
import { applyCrdsCommand, checkCommand, cleanupCommand } from './once.ts';
import { sidecarCommand } from './sidecar.ts';
import { readVersion } from './version.ts';

/** Runs the program; answers an exit code when there was nothing to run. */
export function runMain(args: readonly string[]): Promise<number | undefined> {
  const version = readVersion();
  const program = new Command('tenant-tunnel-operator')
    .description('Gives each tenant one WireGuard tunnel, shared by all of the tenant’s MikroTik routers.')
    .version(version)
    .addCommand(controllerCommand(version))
    .addCommand(agentCommand(version))
    .addCommand(sidecarCommand(version))
    .addCommand(applyCrdsCommand(version))
    .addCommand(checkCommand(version))
    .addCommand(cleanupCommand(version))
    .addHelpText(
      'after',
      '\nEach flag has an environment variable, which --help of its command names; the flag wins.',
    );
  return runProgram(program, args);
}
