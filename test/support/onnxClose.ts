/** Runs a model, and compares the results of two implementations. */
import { expect } from 'vitest';
import * as saraf from '../../src/index.ts';
import type { OnnxCase } from './onnxCases.ts';

type Tensor = saraf.Tensor;

/** Checks for the same shapes and types, and for elements that differ by at most `tolerance`, relative to 1 + |expected|. */
export function expectClose(got: readonly Tensor[], expected: readonly Tensor[], tolerance: number): void {
  expect(got.map(({ shape, dtype }) => [shape, dtype])).toEqual(expected.map(({ shape, dtype }) => [shape, dtype]));
  got.forEach((t, i) => {
    const [a, b] = [t.dataSync(), expected[i]!.dataSync()];
    let worst = 0;
    for (let j = 0; j < b.length; j++) worst = Math.max(worst, Math.abs(a[j]! - b[j]!) / (1 + Math.abs(b[j]!)));
    expect(worst, `output ${i}`).toBeLessThanOrEqual(tolerance);
  });
}

/** Random inputs for a case, with this batch size. */
export function inputsOf({ shapes: given, dtypes, below = 2 }: OnnxCase, batch: number): Tensor[] {
  return given.map((shape, i) => {
    const sizes = shape.map((size) => size ?? batch);
    return dtypes?.[i] === 'int32' ? saraf.randint(0, below, sizes) : saraf.randn(sizes);
  });
}

/** All tensors in a result, in order. */
function tensorsOf(result: unknown): Tensor[] {
  if (result instanceof saraf.Tensor) return [result];
  return typeof result === 'object' && result !== null ? Object.values(result).flatMap(tensorsOf) : [];
}

/** A model's results on inputs, in evaluation mode. */
export function resultsOf(model: saraf.nn.Module, inputs: readonly Tensor[]): Tensor[] {
  model.eval();
  return tensorsOf(saraf.noGrad(() => (model.forward as (...given: Tensor[]) => unknown)(...inputs)));
}
