/** Collects the garbage of earlier tests, so that this does not happen in the middle of a count. */
export async function collectGarbage(): Promise<void> {
  for (let i = 0; i < 3; i++) {
    (globalThis as { gc?: () => void }).gc?.();
    // Finalizers run between tasks.
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
