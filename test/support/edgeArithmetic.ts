/** Arithmetic, reductions and products at the edges. */
import { type MathFn, unaryFns, unaryRows } from '../../bindings/commands/unary.ts';
import { F, type Tensor } from '../../src/index.ts';
import { type Call, dimOf, type EdgeOp, FLOAT, kept, named, numel, partner, without } from './edgeCall.ts';
import { shuffled } from './source.ts';

const unary =
  (name: keyof typeof named): EdgeOp =>
  (_, shape) => ({
    fn: (x) => (named[name] as (x: Tensor) => Tensor)(x),
    shapes: [shape],
  });

const binary =
  (name: keyof typeof named): EdgeOp =>
  (source, shape) => {
    const fn = named[name] as (a: Tensor | number, b: Tensor | number) => Tensor;
    const { other, result } = partner(source, shape);
    const scalar = source.pick([-1.5, 2, 0.5]);
    return source.pick<() => Call>([
      () => ({ fn: (x, y) => fn(x, y!), shapes: [result], others: [{ shape: other }] }),
      () => ({ fn: (x, y) => fn(y!, x), shapes: [result], others: [{ shape: other }] }),
      () => ({ fn: (x) => fn(x, scalar), shapes: [shape] }),
      () => ({ fn: (x) => fn(Math.abs(scalar), x), shapes: [shape] }),
      () => {
        const last = shape.at(-1) ?? 1;
        if (last === 1) return { fn: (x) => fn(x, x), shapes: [shape] };
        return { fn: (x, y) => fn(x, y!), shapes: null, others: [{ shape: [last + 2] }] };
      },
    ])();
  };

/** Reductions over any dimensions. */
const reduction =
  (name: 'sum' | 'mean' | 'prod' | 'variance' | 'std' | 'norm' | 'logsumexp', dtypes?: string[]): EdgeOp =>
  (source, shape) => {
    const fn = named[name] as (x: Tensor, dim?: number[], options?: object) => Tensor;
    const dims = shuffled(source, [...shape.keys()]).slice(0, source.whole(0, shape.length));
    const keepdim = source.flip();
    const all = name !== 'logsumexp' && source.chance(0.3);
    // As in PyTorch, an empty list means all dimensions.
    const reduced = dims.length === 0 ? [...shape.keys()] : dims;
    if (all) return { fn: (x) => fn(x), shapes: [[]], dtypes };
    return {
      fn: (x) => fn(x, dims, { keepdim }),
      shapes: [keepdim ? kept(shape, reduced) : without(shape, reduced)],
      dtypes,
    };
  };

/** Extremes and their indices. */
const extreme =
  (name: 'max' | 'min' | 'argmax' | 'argmin'): EdgeOp =>
  (source, shape) => {
    const { dim, at } = dimOf(source, shape);
    const keepdim = source.flip();
    const isArg = name.startsWith('arg');
    if (source.chance(0.3))
      return { fn: (x) => (named[name] as (x: Tensor) => Tensor)(x), shapes: numel(shape) === 0 ? null : [[]] };
    const result = keepdim ? kept(shape, [at]) : without(shape, [at]);
    return {
      fn: (x) => {
        const y = named[name as 'max'](x, dim, { keepdim });
        return isArg ? (y as unknown as Tensor) : [y.values, y.indices];
      },
      shapes: shape[at] === 0 ? null : isArg ? [result] : [result, result],
    };
  };

const along =
  (fn: (x: Tensor, dim: number) => Tensor, dtypes?: string[]): EdgeOp =>
  (source, shape) => {
    const { dim } = dimOf(source, shape);
    if (source.chance(0.1)) return { fn: (x) => fn(x, shape.length + 1), shapes: null };
    return { fn: (x) => fn(x, dim), shapes: [shape], dtypes };
  };

const activation =
  (fn: (x: Tensor) => Tensor): EdgeOp =>
  (_, shape) => ({ fn, shapes: [shape], dtypes: FLOAT });

/** Matrix products with x on the left, of every rank. */
const product: EdgeOp = (source, shape) => {
  if (shape.length === 0) return { fn: (x, y) => named.matmul(x, y!), shapes: null, others: [{ shape: [] }] };
  const k = shape.at(-1)!;
  const n = source.whole(0, 3);
  const rows = shape.slice(0, -1);
  const batch = rows.slice(0, -1).map((size) => (source.flip() ? size : 1));
  return source.pick<() => Call>([
    () => ({ fn: (x, y) => named.matmul(x, y!), shapes: [rows], others: [{ shape: [k] }], dtypes: FLOAT }),
    () => ({ fn: (x, y) => named.matmul(x, y!), shapes: [[...rows, n]], others: [{ shape: [k, n] }], dtypes: FLOAT }),
    () => ({
      fn: (x, y) => named.matmul(x, y!),
      shapes: [[...rows, n]],
      others: [{ shape: [...batch, k, n] }],
      dtypes: FLOAT,
    }),
    () => ({ fn: (x, y) => named.matmul(x, y!), shapes: null, others: [{ shape: [k + 1, n] }] }),
    () => ({ fn: (x, y) => F.linear(x, y!), shapes: [[...rows, n]], others: [{ shape: [n, k] }], dtypes: FLOAT }),
  ])();
};

/** Functions of one element that also take integers, or always give bool. */
const plain = [
  'neg',
  'abs',
  'sign',
  'square',
  'floor',
  'ceil',
  'round',
  'logicalNot',
  'zerosLike',
  'onesLike',
] as const;
/** The functions in the table of functions. */
const mathFns = unaryFns.filter((name): name is MathFn => 'saves' in unaryRows[name]);
const binaries = ['add', 'sub', 'mul', 'div', 'maximum', 'minimum', 'eq', 'ne', 'gt', 'ge', 'lt', 'le'] as const;

/** By name. */
export const arithmeticEdges: Record<string, EdgeOp> = {
  ...Object.fromEntries([...plain, ...mathFns].map((name) => [name, unary(name)])),
  ...Object.fromEntries(binaries.map((name) => [name, binary(name)])),
  pow: (source, shape) => {
    const p = source.pick([0, 1, 2, 3, 0.5]);
    return { fn: (x) => named.pow(x, p), shapes: [shape] };
  },
  clamp: (_, shape) => ({ fn: (x) => named.clamp(x, -1, 1.5), shapes: [shape] }),
  where: (source, shape) => {
    const { other, result } = partner(source, shape);
    return { fn: (x, y) => named.where(x.ne(0), x, y!), shapes: [result], others: [{ shape: other }] };
  },
  sum: reduction('sum'),
  mean: reduction('mean', FLOAT),
  prod: reduction('prod'),
  variance: reduction('variance', FLOAT),
  std: reduction('std', FLOAT),
  norm: reduction('norm', FLOAT),
  logsumexp: reduction('logsumexp'),
  max: extreme('max'),
  min: extreme('min'),
  argmax: extreme('argmax'),
  argmin: extreme('argmin'),
  cumsum: along(named.cumsum),
  softmax: along(named.softmax, FLOAT),
  logSoftmax: along(named.logSoftmax, FLOAT),
  matmul: product,
  bmm: (source, shape) => {
    const n = source.whole(0, 3);
    const other = shape.length === 3 ? [shape[0]!, shape[2]!, n] : [1, 1, n];
    return {
      fn: (x, y) => named.bmm(x, y!),
      shapes: shape.length === 3 ? [[shape[0]!, shape[1]!, n]] : null,
      others: [{ shape: other }],
      dtypes: FLOAT,
    };
  },
  dot: (_, shape) => ({
    fn: (x, y) => named.dot(x, y!),
    shapes: shape.length === 1 ? [[]] : null,
    others: [{ shape }],
    dtypes: FLOAT,
  }),
  outer: (source, shape) => {
    const n = source.whole(0, 3);
    return {
      fn: (x, y) => named.outer(x, y!),
      shapes: shape.length === 1 ? [[shape[0]!, n]] : null,
      others: [{ shape: [n] }],
      dtypes: FLOAT,
    };
  },
  ...Object.fromEntries(
    (
      [
        'identity',
        'binaryStep',
        'relu6',
        'leakyRelu',
        'elu',
        'selu',
        'celu',
        'gelu',
        'silu',
        'mish',
        'softplus',
        'softsign',
      ] as const
    ).map((name) => [`F.${name}`, activation((x) => F[name](x))]),
  ),
  ...Object.fromEntries(
    (['hardtanh', 'hardsigmoid', 'hardswish', 'arctan', 'softmax', 'logSoftmax'] as const).map((name) => [
      `F.${name}`,
      activation((x) => F[name](x)),
    ]),
  ),
};
