/**
 * What this thread has computed so far, ms: how long a piece of code takes whatever else the machine does meanwhile. The
 * difference of two is never more than what a clock shows.
 */
export function processorMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}
