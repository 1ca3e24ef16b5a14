// As process 1 of a container we get no signal that we have no handler for, and to load the program takes a while. Once
// the program listens itself, ending is its own affair.
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    if (process.listenerCount(signal) === 1) process.exit(0);
  });
}

const { runMain } = await import('./main/program.ts');
const code = await runMain(process.argv.slice(2));
if (code !== undefined) process.exitCode = code;
