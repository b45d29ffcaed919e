/** Shape changes, selections and sorting at the edges. */
import type { Tensor } from '../../src/index.ts';
import { dimOf, type EdgeOp, fits, MOST_DIMS, named, numel, replaced, type Sizes, without } from './edgeCall.ts';
import { type Source, shuffled } from './source.ts';

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
      // One index into a tensor without dimensions gives a tensor without dimensions; any other number of indices has
      // no meaning.
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

/** By name. */
export const shapeEdges: Record<string, EdgeOp> = {
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
};
