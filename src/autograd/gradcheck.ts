/** Checks gradients against finite differences, in double precision on the reference executor. */
import { ArgumentError, AutogradError, refuse } from '../../bindings/errors.ts';
import { moveTo } from '../ops/index.ts';
import { checkOptions, nameOf, noMore, VALUE } from '../options.ts';
import { ReferenceExecutor } from '../reference/executor.ts';
import { withExecutor } from '../runtime/runtime.ts';
import { scope } from '../tensor/scope.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { grad } from './engine.ts';

/** Options of `gradcheck`. */
export interface GradcheckOptions {
  /** Half the distance between the two points of a difference. Default 1e-5. */
  eps?: number;
  /** Absolute tolerance. Default 1e-5. */
  atol?: number;
  /** Relative tolerance. Default 1e-3. */
  rtol?: number;
}

/** Fixed, irregular weights (steps of the golden ratio), so that errors cannot cancel in the weighted sum. */
function weightOf(i: number): number {
  return 0.5 + ((i * 0.6180339887498949) % 1);
}

function weightedSum(y: Tensor): number {
  let total = 0;
  for (const [i, value] of y.dataSync().entries()) total += value * weightOf(i);
  return total;
}

/**
 * Compares the gradients of `fn` with central differences. All inputs that require grad are checked, on copies of them in
 * float64; tensors that `fn` makes are float64 too.
 *
 * @returns true
 * @throws AutogradError that names the first element where the two differ
 * @example
 * gradcheck((x) => x.tanh().mul(x), [randn(3, 2, { requiresGrad: true })]);
 */
export function gradcheck(
  fn: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  options: GradcheckOptions = {},
): true {
  if (arguments.length > 3) noMore('gradcheck', 3, arguments);
  checkOptions('gradcheck', options, { eps: VALUE, atol: VALUE, rtol: VALUE });
  if (typeof fn !== 'function' || !Array.isArray(inputs))
    refuse(
      ArgumentError,
      'gradcheck',
      `expected a function and a list of tensors, got ${nameOf(fn)} and ${nameOf(inputs)}`,
      { argument: typeof fn === 'function' ? 'inputs' : 'fn' },
    );
  const { eps = 1e-5, atol = 1e-5, rtol = 1e-3 } = options;
  const executor = new ReferenceExecutor({ precision: 64 });
  scope(() => {
    withExecutor(executor, () => compare(fn, inputs, executor, { eps, atol, rtol }));
  });
  return true;
}

function compare(
  fn: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  executor: ReferenceExecutor,
  { eps, atol, rtol }: Required<GradcheckOptions>,
): void {
  const points = inputs.map((input) => {
    const point = moveTo(input.detach(), executor);
    point.requiresGrad = input.requiresGrad;
    return point;
  });
  const output = fn(...points);
  const weights = moveTo(output.detach(), executor).clone();
  const numbers = Float64Array.from({ length: weights.numel }, (_, i) => weightOf(i));
  executor.write(weights.address, numbers, 'float32');
  const checked = points.filter((point) => point.requiresGrad);
  const gradients = grad(output, checked, { gradOutputs: weights });
  for (const [p, gradient] of gradients.entries()) {
    const point = checked[p]!;
    const values = point.dataSync();
    const at = (i: number, value: number) => {
      executor.write(point.address + i, [value], 'float32');
      return weightedSum(scope(() => fn(...points)));
    };
    for (const [i, got] of gradient.dataSync().entries()) {
      const value = values[i]!;
      const expected = (at(i, value + eps) - at(i, value - eps)) / (2 * eps);
      executor.write(point.address + i, [value], 'float32');
      if (Math.abs(got - expected) <= atol + rtol * Math.abs(expected)) continue;
      refuse(
        AutogradError,
        'gradcheck',
        `element ${i} of input ${points.indexOf(point)}: gradient ${got}, finite difference ${expected}`,
        { got, expected },
      );
    }
  }
}
