/** In-place changes at the edges: on computed tensors, through views, with operands that fit and operands that do not. */
import { noGrad } from '../../src/index.ts';
import { type Call, type EdgeOp, MOST_DIMS, partner } from './edgeCall.ts';

const arithmetic =
  (name: 'add_' | 'sub_' | 'mul_' | 'div_'): EdgeOp =>
  (source, shape) => {
    const { other } = partner(source, shape);
    return source.pick<() => Call>([
      () => ({ fn: (x, y) => x.clone()[name](y!), shapes: [shape], others: [{ shape: other }] }),
      () => ({ fn: (x) => x.clone()[name](2), shapes: [shape] }),
      () => ({ fn: (x) => x.mul(1)[name](x), shapes: [shape] }),
      // Through a view of all elements in another order.
      () => ({
        fn: (x) => {
          const y = x.clone();
          noGrad(() => y.T[name](2));
          return y;
        },
        shapes: [shape],
      }),
      // The result does not fit into x.
      () => ({
        fn: (x, y) => x.clone()[name](y!),
        shapes: null,
        others: [{ shape: shape.length < MOST_DIMS ? [2, ...shape] : [7] }],
      }),
    ])();
  };

/** By name. */
export const inPlaceEdges: Record<string, EdgeOp> = {
  add_: arithmetic('add_'),
  sub_: arithmetic('sub_'),
  mul_: arithmetic('mul_'),
  div_: arithmetic('div_'),
  zero_: (_, shape) => ({ fn: (x) => x.mul(2).zero_().add(x), shapes: [shape] }),
  fill_: (source, shape) => {
    const value = source.pick([0, 1, -3]);
    return { fn: (x) => x.clone().fill_(value).add(x), shapes: [shape] };
  },
  copy_: (source, shape) => {
    const { other } = partner(source, shape);
    return { fn: (x, y) => x.clone().copy_(y!), shapes: [shape], others: [{ shape: other }] };
  },
};
