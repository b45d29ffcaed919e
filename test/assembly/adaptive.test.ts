/** Steps of the adaptive optimizers at odd lengths and addresses: reference and kernels agree, and threads give the same bits. */
import { describe, expect, test } from 'vitest';
import { AdaptiveFn, encodeAdaptive } from '../../bindings/generated/encode.ts';
import { ReferenceExecutor } from '../../src/reference/executor.ts';
import { runAsThreads } from '../support/commands.ts';
import { wasmExecutors } from '../support/executors.ts';
import { expectClose, inSandbox, type kernelExecutors, lengths, randomFloats } from '../support/heap.ts';

const fns = Object.keys(AdaptiveFn) as AdaptiveFn[];
const settings = [0.05, 1e-3, 0.1, 0.9, 0.1, 0.95, 0.05, 0.3, 0.02, 0.97];
const reference = new ReferenceExecutor();

/** Parameter and state after a step. */
function step(executor: (typeof kernelExecutors)[number][1], fn: AdaptiveFn, n: number, offset: number, threads = 1) {
  return inSandbox(executor, (box) => {
    const own = (seed: number, low: number) => box.put(randomFloats(n, seed, low, 1), 'float32', (offset + seed) % 4);
    const [param, grad, a] = [own(1, -1), own(2, -1), own(3, 0.6)];
    const b = own(4, fn === 'rmsprop' ? -0.1 : 0.1);
    const c = fn === 'rmsprop' ? own(5, -1) : 0;
    const at = box.put(settings, 'float32', offset);
    encodeAdaptive(executor.program, { fn: AdaptiveFn[fn], param, grad, a, b, c, settings: at, n, flags: offset % 2 });
    if (threads === 1) box.run(`${fn} n ${n}`);
    else runAsThreads(executor as (typeof wasmExecutors)[number][1], threads);
    return [param, a, b, ...(c === 0 ? [] : [c])].flatMap((address) => box.floats(address));
  });
}

describe.each(wasmExecutors)('adaptive on %s', (_, executor) => {
  test.each(fns)('%s agrees at every length', (fn) => {
    for (const n of [0, ...lengths]) {
      for (const offset of [0, 1]) {
        const expected = step(reference, fn, n, offset);
        expectClose(step(executor, fn, n, offset), expected, { relative: 2e-5, absolute: 1e-6 }, `${fn} n ${n}`);
      }
    }
  });

  test.each(fns)('%s gives the same bits for any number of threads', (fn) => {
    const whole = step(executor, fn, 257, 1);
    for (const threads of [2, 3, 7]) expect(step(executor, fn, 257, 1, threads)).toEqual(whole);
  });
});
