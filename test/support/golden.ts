/**
 * Reads the fixtures that test/golden/generate.py makes with PyTorch, and compares tensors with them. Values are
 * compared relative to the largest expected element; NaN and infinite elements must be where PyTorch has them.
 */
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { DType } from '../../bindings/executor.ts';
import * as saraf from '../../src/index.ts';
import { Tensor, tensor } from '../../src/index.ts';

/** The files of single operations, and the number of cases in each. */
export const operationCounts = {
  elementwise: 461,
  tensors: 392,
  losses: 88,
  conv: 44,
  pool: 111,
  norm: 52,
  embedding: 21,
  rearrange: 195,
  activations: 118,
  moreLosses: 193,
  attention: 16,
};
export const operationFiles = Object.keys(operationCounts);

/** Operations that create tensors: they have tests of their own. */
export const creation = [
  ...['arange', 'eye', 'full', 'linspace', 'ones', 'onesLike', 'rand', 'randint', 'randn', 'randperm'],
  ...['tensor', 'zeros', 'zerosLike'],
];

/** The largest allowed difference from PyTorch, relative to the largest element. */
export const FORWARD = 2e-5;
export const GRADIENT = 2e-4;

/** A tensor in a fixture. Numbers that JSON lacks are strings. */
export interface Stored {
  shape: number[];
  dtype: DType;
  data: (number | string)[];
  /** The operation sees the tensor through this view. */
  view?: keyof typeof views;
  grad?: boolean;
}

/** The inputs, outputs and gradients of one call. */
export interface GoldenCase {
  name: string;
  fn: string;
  args: unknown[];
  inputs: Stored[];
  outputs: Stored[];
  elementwise?: boolean;
  upstream?: Stored[];
  gradients?: Stored[];
  secondUpstream?: Stored[];
  secondGradients?: Stored[];
}

/** The same as VIEWS in fixture.py. */
const views = {
  T: (x: Tensor) => x.T,
  step: (x: Tensor) => x.slice(-1, 1, Infinity, 2),
  expand: (x: Tensor) => x.expand([2, ...x.shape]),
};

/** All cases of a file. */
export function fixtures<T>(name: string): T[] {
  const text = readFileSync(new URL(`../golden/${name}.jsonl`, import.meta.url), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as T);
}

function decode(x: number | string): number {
  return typeof x === 'number' ? x : x === 'inf' ? Infinity : x === '-inf' ? -Infinity : Number.NaN;
}

export function load({ shape, dtype, data, grad }: Stored): Tensor {
  return tensor(Float64Array.from(data, decode), { shape, dtype, requiresGrad: grad === true });
}

/** The tensor as the operation sees it. */
export function see(leaf: Tensor, { view }: Stored): Tensor {
  return view === undefined ? leaf : views[view](leaf);
}

/** Arguments, with the inputs and the numbers that JSON lacks put in. */
export function decodeArgument(arg: unknown, inputs: readonly Tensor[]): unknown {
  if (Array.isArray(arg)) return arg.map((part) => decodeArgument(part, inputs));
  if (typeof arg === 'object' && arg !== null) {
    if ('input' in arg) return inputs[arg.input as number];
    return Object.fromEntries(Object.entries(arg).map(([name, value]) => [name, decodeArgument(value, inputs)]));
  }
  if (arg === null) return undefined;
  return arg === 'inf' || arg === '-inf' || arg === 'nan' ? decode(arg) : arg;
}

type AnyFunction = (...args: unknown[]) => unknown;

/** The public function `name`: `F.name` of functional, `.name` a method of the first argument. */
export function publicFunction(name: string): AnyFunction {
  if (name.startsWith('.')) return (x, ...rest) => (x as Record<string, AnyFunction>)[name.slice(1)]!(...rest);
  const found = name.startsWith('F.')
    ? (saraf.F as Record<string, unknown>)[name.slice(2)]
    : (saraf as Record<string, unknown>)[name];
  if (typeof found !== 'function') throw new Error(`saraf has no function ${name}`);
  return found as AnyFunction;
}

/** The tensors of a result, which may be one, a list, or values and indices. */
export function outputsOf(result: unknown): Tensor[] {
  if (result instanceof Tensor) return [result];
  if (Array.isArray(result)) return result as Tensor[];
  const { values, indices } = result as { values: Tensor; indices: Tensor };
  return [values, indices];
}

/** Below this, floats lose precision: treated as 0 if every element has its own tolerance. */
const SMALLEST_NORMAL = 1.2e-38;

/** Compares a tensor with the fixture: shape, type and elements. */
export function expectGolden(
  what: string,
  actual: Tensor,
  expected: Stored,
  tolerance: number,
  elementwise = false,
): void {
  expect(actual.shape, `${what}: shape`).toEqual(expected.shape);
  expect(actual.dtype, `${what}: dtype`).toBe(expected.dtype);
  const got = actual.dataSync();
  const wanted = Float64Array.from(expected.data, decode);
  let largest = 0;
  for (const x of wanted) if (Number.isFinite(x)) largest = Math.max(largest, Math.abs(x));
  const wrong: string[] = [];
  for (const [i, y] of wanted.entries()) {
    const x = got[i]!;
    const limit = elementwise ? tolerance * Math.abs(y) + SMALLEST_NORMAL : tolerance * largest;
    if (!(Object.is(x, y) || x === y || Math.abs(x - y) <= limit)) wrong.push(`[${i}] is ${x}, PyTorch has ${y}`);
  }
  expect(wrong, what).toEqual([]);
}
