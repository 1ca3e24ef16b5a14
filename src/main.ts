import { runMain } from './main/program.ts';

const code = await runMain(process.argv.slice(2));
if (code !== undefined) process.exitCode = code;
