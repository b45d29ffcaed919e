/** A case of test/support/kernelCases.ts, and its parts. */
export type Options = Record<string, unknown>;
export type Floats = Float32Array | Int32Array | Int8Array;
export type Results = Record<string, ArrayLike<number>>;

/** A whole number from low to high, ends included. */
export type Random = (low: number, high: number) => number;

export interface KernelCase {
  /** All options, including optional ones, with fresh arrays. */
  make: (random: Random) => Options;
  /** The names of the outputs. */
  outputs: string[];
  /** Which output may be which input. */
  inPlace?: [output: string, input: string][];
  /** The contents of the outputs, or the returned value as `value`. */
  loops: (options: never) => Results;
}

export const floats = (random: Random, n: number) => Float32Array.from({ length: n }, () => random(-1000, 1000) / 500);
export const bytes = (random: Random, n: number) => Int8Array.from({ length: n }, () => random(-128, 127));
export const from = (n: number, value: (i: number) => number) => Array.from({ length: n }, (_, i) => value(i));
export const pick = <T>(random: Random, list: readonly T[]): T => list[random(0, list.length - 1)]!;
export const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
export const activations = { none: (x: number) => x, relu: (x: number) => Math.max(x, 0), sigmoid, tanh: Math.tanh };
type Activation = keyof typeof activations;
export const someActivation = (random: Random) => pick(random, Object.keys(activations) as Activation[]);
