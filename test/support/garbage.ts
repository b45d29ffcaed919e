/** Has the collector take what earlier tests have left, so that it does not do so in the middle of a count. */
export async function collectGarbage(): Promise<void> {
  for (let i = 0; i < 3; i++) {
    (globalThis as { gc?: () => void }).gc?.();
    // Finalizers run between tasks.
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
