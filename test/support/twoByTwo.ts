/** A model with two inputs and two outputs, and examples for it. */
import { manualSeed, nn, randn, type Tensor, tensor } from '../../src/index.ts';

export const ROWS = 13;

/** Two inputs, a shared layer, two outputs: a number and one of three kinds; with `looks` it cannot be compiled. */
export function twoByTwo(looks = false) {
  manualSeed(5);
  const graph = new nn.Graph();
  const [a, b] = [graph.input([3]), graph.input([2])];
  const left = graph.apply(new nn.Linear(3, 8), a);
  const right = graph.apply(new nn.Linear(2, 8), b);
  const peek = (x: Tensor) => (looks && x.sum().item() === Infinity ? x.neg() : x.tanh());
  const hidden = graph.apply(peek, graph.add(left, right));
  const age = graph.apply(new nn.Linear(8, 1), hidden);
  const kind = graph.apply(new nn.Linear(8, 3), hidden);
  return graph.model({ inputs: [a, b], outputs: [age, kind] });
}

/** Examples for it, on the default device. */
export function examples() {
  manualSeed(2);
  const x = [randn(ROWS, 3), randn(ROWS, 2)] as const;
  const ages = randn(ROWS, 1);
  const kinds = tensor(
    Array.from({ length: ROWS }, (_, i) => i % 3),
    { dtype: 'int32' },
  );
  return { x, ages, kinds, y: [ages, kinds] as const };
}
