/** When a convolution becomes Winograd's commands, and that its results stay the same. */
import { afterEach, describe, expect, test } from 'vitest';
import { opcodes } from '../../bindings/commands/table.ts';
import type { Executor } from '../../bindings/executor.ts';
import { configure } from '../../bindings/wasm/instance.ts';
import { winogradGradPays, winogradPays } from '../../bindings/wasm/winograd.ts';
import { compile, grad, memory, noGrad, scope, type Tensor, tensor } from '../../src/index.ts';
import * as F from '../../src/ops/functional.ts';
import { ReferenceExecutor } from '../../src/reference/executor.ts';
import { withExecutor } from '../../src/runtime/runtime.ts';
import { wasmExecutors } from '../support/executors.ts';
import { randomFloats } from '../support/heap.ts';
import { isParking } from '../support/inUse.ts';

const SHAPE = [4, 20, 14, 13];

const values = (shape: number[], seed: number): Tensor =>
  tensor(
    Float32Array.from(
      randomFloats(
        shape.reduce((a, b) => a * b),
        seed,
      ),
    ),
    { shape, requiresGrad: true },
  );

/** The names of the commands that run during `fn`. */
function commandsOf(executor: Executor, fn: () => void): string[] {
  const names: string[] = [];
  const { run } = executor;
  executor.run = () => {
    const { words, length } = executor.program;
    for (let at = 0; at < length; at += words[at + 1]!) names.push(opcodes[words[at]!]!);
    run.call(executor);
  };
  try {
    fn();
  } finally {
    executor.run = run;
  }
  return names;
}

/** y and all gradients of a convolution. */
function results(executor: Executor, options: F.ConvOptions): number[][] {
  return withExecutor(executor, () =>
    scope(() => {
      const x = values(SHAPE, 1);
      const w = values([24, 20, 3, 3], 2);
      const b = values([24], 3);
      const y = F.conv2d(x, w, b, options);
      const gradients = grad(y.square().sum(), [x, w, b]);
      return [y, ...gradients].map((t) => Array.from(t.dataSync() as Float32Array));
    }),
  );
}

afterEach(() => configure({ deterministic: false }));

describe.each(wasmExecutors)('winograd on %s', (_, executor) => {
  test.each([{ padding: 1 }, { padding: 0 }, { padding: [2, 1] as const }])(
    'agrees with the reference, %o',
    (options) => {
      const want = results(new ReferenceExecutor(), options);
      let got: number[][] = [];
      const names = commandsOf(executor, () => {
        got = results(executor, options);
      });
      expect(names.filter((name) => name === 'winogradConv')).toHaveLength(2);
      expect(names.filter((name) => name === 'winogradGrad')).toHaveLength(1);
      expect(names.filter((name) => name.startsWith('conv'))).toEqual([]);
      want.forEach((expected, i) => {
        const largest = Math.max(...expected.map(Math.abs));
        const error = Math.max(...expected.map((v, j) => Math.abs(v - got[i]![j]!))) / largest;
        expect(error, `result ${i}`).toBeLessThan(2e-5);
      });
    },
  );

  test('is not used where it is not allowed or does not pay', () => {
    const plain = (options: F.ConvOptions) => commandsOf(executor, () => results(executor, options));
    expect(plain({ padding: 1, stride: 2 })).not.toContain('winogradConv');
    expect(plain({ padding: 2, dilation: 2 })).not.toContain('winogradConv');
    expect(plain({ padding: 3 })).not.toContain('winogradConv');
    configure({ deterministic: true });
    expect(plain({ padding: 1 })).not.toContain('winogradConv');
  });

  test('includes an activation when compiled, and leaves memory flat', () => {
    withExecutor(executor, () => {
      const w = values([24, 20, 3, 3], 2);
      const x = values(SHAPE, 1).detach();
      const f = compile((image: Tensor) => noGrad(() => F.conv2d(image, w, null, { padding: 1 }).relu()));
      const eager = scope(() => noGrad(() => F.conv2d(x, w, null, { padding: 1 }).relu().dataSync()));
      scope(() => expect(f(x).dataSync()).toEqual(eager));
      const before = memory().bytesInUse;
      for (let i = 0; i < 3; i++) scope(() => expect(f(x).dataSync()).toEqual(eager));
      // What a program needs only while it runs is not kept when it is parked.
      if (!isParking) expect(memory().bytesInUse).toBe(before);
      expect(String(f.program)).toMatch(/winogradConv \+ relu {2,}4×20×14×13 · 24/);
      f.dispose();
      x.dispose();
      w.dispose();
    });
  });
});

test('is chosen where the products outweigh the transforms', () => {
  expect(winogradPays(1, 64, 64, 56, 56)).toBe(true);
  expect(winogradPays(64, 32, 64, 13, 13)).toBe(true);
  expect(winogradPays(64, 1, 32, 28, 28)).toBe(false);
  expect(winogradPays(1, 3, 64, 224, 224)).toBe(false);
  expect(winogradPays(64, 64, 64, 1, 1)).toBe(false);
  expect(winogradGradPays(64, 32, 64, 14, 14)).toBe(true);
  expect(winogradGradPays(64, 1, 32, 28, 28)).toBe(false);
  expect(winogradGradPays(1, 512, 512, 7, 7)).toBe(false);
  expect(winogradPays(1, 512, 512, 7, 7)).toBe(false);
  expect(winogradPays(1, 512, 512, 7, 7, true)).toBe(true);
});
