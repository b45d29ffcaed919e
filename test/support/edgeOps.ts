/**
 * Every public operation with arguments drawn for a tensor, and the shape that its result must have: null where it has to be
 * refused. The shapes are worked out here from the definitions, not by the library.
 */
import { F, type Tensor, tensor } from '../../src/index.ts';
import * as operations from '../../src/ops/public.ts';
import { type Source, shuffled } from './source.ts';

type Sizes = readonly number[];

/** One call: what it does to x and others, and the shapes of its results. */
export interface Call {
  fn: (x: Tensor, ...others: Tensor[]) => Tensor | readonly Tensor[];
  shapes: readonly Sizes[] | null;
  /** Other tensors that it takes: their shape, and int32 ones' limit. */
  others?: readonly { shape: Sizes; below?: number }[];
  /** Element types of x that it takes. Default: all. */
  dtypes?: readonly string[];
}

export type EdgeOp = (source: Source, shape: Sizes) => Call;

/** The operations by name. */
const named = { ...operations };

const MOST_DIMS = 6;
const numel = (shape: Sizes) => shape.reduce((a, b) => a * b, 1);
const fits = (shape: Sizes): readonly Sizes[] | null => (shape.length > MOST_DIMS ? null : [shape]);
const without = (shape: Sizes, dims: readonly number[]) => shape.filter((_, i) => !dims.includes(i));
const kept = (shape: Sizes, dims: readonly number[]) => shape.map((size, i) => (dims.includes(i) ? 1 : size));
const replaced = (shape: Sizes, dim: number, size: number) => shape.map((s, i) => (i === dim ? size : s));

/** A dimension, counted from either end; 0 or −1 where there is none. */
function dimOf(source: Source, shape: Sizes): { dim: number; at: number } {
  const at = source.whole(0, Math.max(0, shape.length - 1));
  return { dim: source.flip() ? at : at - Math.max(1, shape.length), at };
}

/** A shape that broadcasts with this one, and what they give. */
function partner(source: Source, shape: Sizes): { other: Sizes; result: Sizes } {
  const other = shape.slice(source.whole(0, shape.length)).map((size) => (source.flip() ? size : 1));
  const lead = shape.length - other.length;
  const result = shape.map((size, i) => (i >= lead && size === 1 ? other[i - lead]! : size));
  return { other, result };
}

const FLOAT = ['float32'];

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
    if (all) return { fn: (x) => fn(x), shapes: [[]], dtypes };
    return {
      fn: (x) => fn(x, dims, { keepdim }),
      shapes: [keepdim ? kept(shape, dims) : without(shape, dims)],
      dtypes,
    };
  };

/** Extremes and their places. */
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

function factors(source: Source, n: number): number[] {
  if (n === 0) return shuffled(source, [0, source.whole(1, 3)]);
  const result: number[] = [];
  for (let left = n; left > 1; ) {
    const divisors = Array.from({ length: left }, (_, i) => i + 1).filter((d) => d > 1 && left % d === 0);
    const d = source.pick(divisors);
    result.push(d);
    left /= d;
  }
  if (source.flip()) result.push(1);
  return shuffled(source, result).slice(0, MOST_DIMS);
}

const reshaping =
  (fn: (x: Tensor, shape: Sizes) => Tensor): EdgeOp =>
  (source, shape) => {
    const target = factors(source, numel(shape));
    if (numel(target) !== numel(shape) || source.chance(0.1))
      return { fn: (x) => fn(x, [numel(shape) + 1]), shapes: null };
    const asked = target.map((size) => size);
    const hole = source.whole(0, target.length);
    if (hole < target.length && numel(without(target, [hole])) > 0) asked[hole] = -1;
    return { fn: (x) => fn(x, asked), shapes: [target] };
  };

const ordered =
  (sort: boolean): EdgeOp =>
  (source, shape) => {
    const { dim, at } = dimOf(source, shape);
    const largest = source.flip();
    const size = shape[at] ?? 1;
    const k = source.whole(0, size);
    const result = shape.length === 0 ? [] : replaced(shape, at, sort ? size : k);
    return {
      fn: (x) => {
        const y = sort ? named.sort(x, dim, { descending: largest }) : named.topk(x, k, dim, { largest });
        return [y.values, y.indices];
      },
      shapes: [result, result],
    };
  };

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

const slicing: EdgeOp = (source, shape) => {
  const { dim, at } = dimOf(source, shape);
  const [start, end, step] = [source.whole(-4, 4), source.whole(-4, 4), source.whole(1, 3)];
  const size = shape[at] ?? 0;
  const limit = (i: number) => Math.min(size, Math.max(0, i < 0 ? i + size : i));
  const length = Math.max(0, Math.ceil((limit(end) - limit(start)) / step));
  return {
    fn: (x) => named.slice(x, dim, start, end, step),
    shapes: shape.length === 0 ? null : [replaced(shape, at, length)],
  };
};

const selecting: EdgeOp = (source, shape) => {
  const { dim, at } = dimOf(source, shape);
  const size = shape[at] ?? 0;
  const index = source.whole(-2, 2);
  return {
    fn: (x) => named.select(x, dim, index),
    shapes: index >= size || index < -size ? null : [without(shape, [at])],
  };
};

/** Operations that take indices along a dimension. */
const indexed =
  (name: 'gather' | 'indexSelect' | 'scatterAdd'): EdgeOp =>
  (source, shape) => {
    const { dim, at } = dimOf(source, shape);
    const count = source.whole(0, 4);
    const size = shape[at] ?? 1;
    const ones = name === 'indexSelect' ? [count] : shape.length === 0 ? [] : replaced(shape, at, count);
    const empty = numel(ones) === 0;
    const result = shape.length === 0 ? [] : replaced(shape, at, count);
    const refused = size === 0 && !empty;
    const index = { shape: ones, below: Math.max(1, size) };
    if (name === 'scatterAdd')
      return {
        fn: (x, i, g) => named.scatterAdd(x, dim, i!, g!),
        shapes: refused ? null : [shape],
        others: [index, { shape: ones }],
        dtypes: ['float32', 'int32'],
      };
    return {
      fn: (x, i) => named[name](x, dim, i!),
      // One index from a tensor without dimensions gives a tensor without dimensions; another number of them has no meaning.
      shapes: refused || (name === 'indexSelect' && shape.length === 0 && count !== 1) ? null : [result],
      others: [index],
    };
  };

const padding: EdgeOp = (source, shape) => {
  const dims = source.whole(0, shape.length);
  const amounts = Array.from({ length: 2 * dims }, () => source.whole(-1, 2));
  const result = shape.map((size, i) => {
    const k = 2 * (shape.length - 1 - i);
    return k < amounts.length ? size + amounts[k]! + amounts[k + 1]! : size;
  });
  const valid =
    result.every((size) => size >= 0) &&
    shape.every((size, i) => {
      const k = 2 * (shape.length - 1 - i);
      return k >= amounts.length || (-amounts[k]! <= size && -amounts[k + 1]! <= size);
    });
  return { fn: (x) => named.pad(x, amounts, { value: 2 }), shapes: valid ? [result] : null };
};

const parts =
  (name: 'split' | 'chunk'): EdgeOp =>
  (source, shape) => {
    const { dim, at } = dimOf(source, shape);
    if (shape.length === 0) return { fn: (x) => named[name](x, 1, dim), shapes: null };
    const n = source.whole(1, 4);
    const total = shape[at]!;
    if (name === 'chunk' && total === 0)
      return { fn: (x) => named.chunk(x, n, dim), shapes: Array.from({ length: n }, () => shape) };
    const size = name === 'split' ? n : Math.ceil(total / n);
    const count = Math.max(1, Math.ceil(total / size));
    return {
      fn: (x) => named[name](x, n, dim),
      shapes: Array.from({ length: count }, (_, i) => replaced(shape, at, Math.min(size, total - i * size))),
    };
  };

const unaries = [
  ...([
    'neg',
    'abs',
    'sign',
    'sqrt',
    'rsqrt',
    'reciprocal',
    'square',
    'exp',
    'log',
    'log1p',
    'sin',
    'cos',
    'tanh',
    'sigmoid',
  ] as const),
  ...(['relu', 'atan', 'erf', 'floor', 'ceil', 'round', 'logicalNot', 'zerosLike', 'onesLike'] as const),
];
const binaries = ['add', 'sub', 'mul', 'div', 'maximum', 'minimum', 'eq', 'ne', 'gt', 'ge', 'lt', 'le'] as const;

/** All public operations but those that make tensors from nothing. */
export const edgeOps: Record<string, EdgeOp> = {
  ...Object.fromEntries(unaries.map((name) => [name, unary(name)])),
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
  reshape: reshaping(named.reshape),
  view: (source, shape) => {
    const call = reshaping((x, to) => named.view(x.clone(), to))(source, shape);
    return call;
  },
  flatten: (source, shape) => {
    const start = source.whole(0, Math.max(0, shape.length - 1));
    const end = source.whole(start, Math.max(0, shape.length - 1));
    const result = [...shape.slice(0, start), numel(shape.slice(start, end + 1)), ...shape.slice(end + 1)];
    return { fn: (x) => named.flatten(x, start, end), shapes: [result] };
  },
  unflatten: (source, shape) => {
    const { dim, at } = dimOf(source, shape);
    const sizes = factors(source, shape[at] ?? 1);
    const result = [...shape.slice(0, at), ...sizes, ...shape.slice(at + 1)];
    return {
      fn: (x) => named.unflatten(x, dim, sizes),
      shapes: shape.length === 0 || numel(sizes) !== shape[at] ? null : fits(result),
    };
  },
  squeeze: (source, shape) => {
    const { dim, at } = dimOf(source, shape);
    if (source.flip()) return { fn: (x) => named.squeeze(x), shapes: [shape.filter((size) => size !== 1)] };
    return { fn: (x) => named.squeeze(x, dim), shapes: [shape.filter((size, i) => i !== at || size !== 1)] };
  },
  unsqueeze: (source, shape) => {
    const at = source.whole(0, shape.length);
    return {
      fn: (x) => named.unsqueeze(x, at),
      shapes: fits([...shape.slice(0, at), 1, ...shape.slice(at)]),
    };
  },
  transpose: (source, shape) => {
    const [a, b] = [dimOf(source, shape), dimOf(source, shape)];
    const result = shape.map((size, i) => (i === a.at ? shape[b.at]! : i === b.at ? shape[a.at]! : size));
    return { fn: (x) => named.transpose(x, a.dim, b.dim), shapes: [result] };
  },
  permute: (source, shape) => {
    const order = shuffled(source, [...shape.keys()]);
    if (shape.length > 1 && source.chance(0.1)) return { fn: (x) => named.permute(x, order.slice(1)), shapes: null };
    return { fn: (x) => named.permute(x, order), shapes: [order.map((d) => shape[d]!)] };
  },
  expand: (source, shape) => {
    const lead = Array.from({ length: source.whole(0, 2) }, () => source.whole(0, 2));
    const target = [...lead, ...shape.map((size) => (size === 1 ? source.whole(0, 2) : size))];
    const asked = target.map((size, i) =>
      i >= lead.length && shape[i - lead.length] === size && source.flip() ? -1 : size,
    );
    return { fn: (x) => named.expand(x, asked), shapes: fits(target) };
  },
  slice: slicing,
  select: selecting,
  indexSelect: indexed('indexSelect'),
  gather: indexed('gather'),
  scatterAdd: indexed('scatterAdd'),
  split: parts('split'),
  chunk: parts('chunk'),
  flip: (source, shape) => {
    const dims = shuffled(source, [...shape.keys()]).slice(0, source.whole(0, shape.length));
    return { fn: (x) => named.flip(x, dims), shapes: [shape] };
  },
  pad: padding,
  repeat: (source, shape) => {
    const counts = [...Array.from({ length: source.whole(0, 1) }, () => 2), ...shape.map(() => source.whole(0, 2))];
    const lead = counts.length - shape.length;
    const result = counts.map((count, i) => (i < lead ? count : count * shape[i - lead]!));
    return { fn: (x) => named.repeat(x, counts), shapes: fits(result) };
  },
  tril: (source, shape) => {
    const k = source.whole(-2, 2);
    return { fn: (x) => named.tril(x, k), shapes: shape.length < 2 ? null : [shape] };
  },
  triu: (source, shape) => {
    const k = source.whole(-2, 2);
    return { fn: (x) => named.triu(x, k), shapes: shape.length < 2 ? null : [shape] };
  },
  sort: ordered(true),
  topk: ordered(false),
  cat: (source, shape) => {
    const { dim, at } = dimOf(source, shape);
    return {
      fn: (x) => named.cat([x, x, x], dim),
      shapes: shape.length === 0 ? null : [replaced(shape, at, 3 * shape[at]!)],
    };
  },
  stack: (source, shape) => {
    const at = source.whole(0, shape.length);
    return { fn: (x) => named.stack([x, x], at), shapes: fits([...shape.slice(0, at), 2, ...shape.slice(at)]) };
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

/** x of this shape, element type and layout: numbers with NaN and infinite ones among them where it has floats. */
export function drawTensor(source: Source, shape: Sizes, dtype: string, special: boolean): Tensor {
  const numbers = special ? [NaN, Infinity, -Infinity, -0, 0, 1, -2.5, 3] : [-2.5, -1, -0, 0, 0.5, 1, 2, 3];
  const ints = [-3, -1, 0, 1, 2, 3];
  const pool = dtype === 'float32' ? numbers : dtype === 'int32' ? ints : [0, 1];
  const values = Float32Array.from({ length: numel(shape) }, () => source.pick(pool));
  return tensor(values, { shape: [...shape], dtype: dtype as 'int32' });
}
