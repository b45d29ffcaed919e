/** JavaScript that looks as if it worked on tensors but would silently compute something else: operators, `x[0]`, `x.data = …`. */
import { ArgumentError } from '../../bindings/errors.ts';
import { show } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';

const METHODS = 'add, sub, mul, div, pow, neg, eq, lt, gt';

/**
 * What JavaScript's own operators get: the number of a tensor with one element and without gradient, so that `loss.detach() < 0.1` means
 * what it says. All others are refused: `x + 1` would be a string, `1 / x` NaN, and `loss + penalty` a number without gradient.
 */
export function primitiveOf(tensor: Tensor, hint: string): number | string {
  if (hint === 'string') return tensor.toString();
  if (tensor.numel === 1 && !tensor.requiresGrad) return tensor.item();
  const operators = hint === 'number' ? 'such as - * / ** < >' : 'such as + and ==';
  throw new ArgumentError(
    tensor.numel === 1
      ? `JavaScript's operators, ${operators}, turn a tensor into a number, and its gradient would be lost: use the methods ${METHODS}, item() for the number, or \`\${x}\` for a string`
      : `JavaScript's operators, ${operators}, do not work on a tensor ${show(tensor.shape)}: use the methods ${METHODS}`,
    { got: tensor.shape },
  );
}

/** The indices that throw; with others, `x[i]` is undefined. */
const [FIRST_INDEX, LAST_INDEX] = [-8, 63];

function mistake(message: string): never {
  throw new ArgumentError(message);
}

/** Makes names throw that users of other libraries try. */
export function refuseMistakes(prototype: Tensor): void {
  const define = (name: string | number, get: () => unknown, set: (value: unknown) => void) =>
    Object.defineProperty(prototype, name, { get, set, configurable: true });
  for (let i = FIRST_INDEX; i <= LAST_INDEX; i++) {
    define(
      i,
      () =>
        mistake(
          `x[${i}]: tensors are indexed by methods: x.select(0, ${i}), x.slice(dim, start, end), x.indexSelect(dim, indices)`,
        ),
      () =>
        mistake(
          `x[${i}] = …: tensors are written by methods: noGrad(() => x.select(0, ${i}).copy_(source)), or .fill_(number)`,
        ),
    );
  }
  const { data } = prototype;
  define(
    'data',
    () => data,
    () => mistake('x.data = …: data() is a method here; noGrad(() => x.copy_(source)) replaces the elements'),
  );
  const size = 'use x.shape, x.shape[0] or x.numel';
  define(
    'length',
    () => mistake(`x.length: a tensor has no length: ${size}`),
    () => mistake(`x.length = …: a tensor has no length: ${size}`),
  );
}
