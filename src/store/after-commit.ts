/**
 * Runs what a committed transaction left to do. An act that throws breaks its promise: the process's
 * last resort hears of it, the transaction that is already true does not.
 */
export function performAll(acts: readonly (() => void)[]): void {
  for (const act of acts) {
    try {
      act();
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}
