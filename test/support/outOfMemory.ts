/** Allocations that fail on request. */
import { OutOfMemoryError } from '../../bindings/errors.ts';
import type { Executor } from '../../bindings/executor.ts';

/**
 * Runs `fn` once; allocation number `failing` (counted from 0) of an executor throws OutOfMemoryError. Returns whether
 * there were that many; errors of `fn` are passed on.
 */
export function withFailingAllocation<T>(
  executor: Executor,
  failing: number,
  fn: () => T,
): { result: T; failed: boolean } {
  const { allocator } = executor;
  const own = Object.getOwnPropertyDescriptor(allocator, 'allocate');
  const { allocate } = allocator;
  let count = 0;
  const restore = () => {
    if (own === undefined) delete (allocator as { allocate?: unknown }).allocate;
    else Object.defineProperty(allocator, 'allocate', own);
  };
  Object.defineProperty(allocator, 'allocate', {
    configurable: true,
    value: (elements: number) => {
      if (count++ === failing) throw new OutOfMemoryError(`cannot allocate ${elements} elements: by request of a test`);
      return allocate.call(allocator, elements);
    },
  });
  let isPending = false;
  try {
    const result = fn();
    if (!(result instanceof Promise)) return { result, failed: count > failing };
    isPending = true;
    return result.then((value) => ({ result: value, failed: count > failing })).finally(restore) as never;
  } finally {
    if (!isPending) restore();
  }
}
