/** What is still to be removed when the process ends, in the order in which it was made. */
const cleanups = new Set<() => void>();

function runAll(): void {
  for (const cleanup of [...cleanups].reverse()) cleanup();
  cleanups.clear();
}

/** Ends the process on Ctrl-C, so that `exit` handlers run; leaves it to the script if that listens itself. */
function onSignal(signal: 'SIGINT' | 'SIGTERM'): void {
  if (process.listenerCount(signal) > 1) return;
  process.exit(signal === 'SIGINT' ? 130 : 143);
}

/**
 * Runs `cleanup` (synchronous) when this process exits, also by SIGINT and SIGTERM where nobody else listens.
 * Returns what takes it back.
 */
export function cleanUpOnExit(cleanup: () => void): () => void {
  if (cleanups.size === 0) {
    process.on('exit', runAll);
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
  }
  cleanups.add(cleanup);
  return () => {
    cleanups.delete(cleanup);
    if (cleanups.size > 0) return;
    process.off('exit', runAll);
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  };
}
