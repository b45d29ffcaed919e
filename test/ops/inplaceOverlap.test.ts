/**
 * Writes through views that overlap what is read: as if everything had been read first. Compared with a plain model,
 * eager and compiled.
 */
import { describe, expect, it } from 'vitest';
import { ArgumentError, arange, compile, nn, scope, type Tensor, tensor, zeros } from '../../src/index.ts';
import { withExecutor } from '../../src/runtime/runtime.ts';
import { executors } from '../support/executors.ts';

/** Marsaglia's xorshift. */
function generator(seed: number): (below: number) => number {
  let state = seed * 2654435761 + 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** The model of a view: the position of every element. */
interface Places {
  shape: number[];
  at: number[];
}

/** A step from a tensor to a view, for tensors and for the model. */
type View = { tensor: (x: Tensor) => Tensor; model: (p: Places) => Places };

const numel = (shape: readonly number[]) => shape.reduce((n, size) => n * size, 1);

/** The positions for another shape; `from` maps an index to the index in the old one. */
function places(p: Places, shape: number[], from: (index: number[]) => number[]): Places {
  const at = Array.from({ length: numel(shape) }, (_, flat) => {
    const index: number[] = [];
    let rest = flat;
    for (let d = shape.length - 1; d >= 0; d--) {
      index[d] = rest % shape[d]!;
      rest = Math.floor(rest / shape[d]!);
    }
    return p.at[from(index).reduce((sum, i, d) => sum * p.shape[d]! + i, 0)]!;
  });
  return { shape, at };
}

function slice(shape: readonly number[], pick: (below: number) => number): View {
  const dim = pick(shape.length);
  const [start, step] = [pick(shape[dim]!), 1 + pick(2)];
  const end = start + 1 + pick(shape[dim]! - start);
  return {
    tensor: (x) => x.slice(dim, start, end, step),
    model: (p) => {
      const sizes = p.shape.map((size, d) => (d === dim ? Math.ceil((end - start) / step) : size));
      return places(p, sizes, (index) => index.map((i, d) => (d === dim ? start + i * step : i)));
    },
  };
}

function permute(shape: readonly number[], pick: (below: number) => number): View {
  const dims = shape.map((_, d) => d);
  for (let d = dims.length - 1; d > 0; d--) {
    const other = pick(d + 1);
    [dims[d], dims[other]] = [dims[other]!, dims[d]!];
  }
  return {
    tensor: (x) => x.permute(dims),
    model: (p) =>
      places(
        p,
        dims.map((d) => p.shape[d]!),
        (index) => dims.map((_, d) => index[dims.indexOf(d)]!),
      ),
  };
}

/** A view made by 1 to 3 steps, and its positions. */
function viewOf(base: Places, pick: (below: number) => number): { see: (x: Tensor) => Tensor; places: Places } {
  let at = base;
  const steps: View[] = [];
  for (let i = 1 + pick(3); i > 0; i--) {
    const step = pick(2) === 0 ? slice(at.shape, pick) : permute(at.shape, pick);
    steps.push(step);
    at = step.model(at);
  }
  return { see: (x) => steps.reduce((y, step) => step.tensor(y), x), places: at };
}

/** Slices both from the front to a common shape. */
function matching(shape: readonly number[], places_: Places): { see: (x: Tensor) => Tensor; places: Places } {
  const [first, ...rest] = shape.map(
    (size, dim): View => ({
      tensor: (x) => x.slice(dim, 0, size),
      model: (p) =>
        places(
          p,
          p.shape.map((s, d) => (d === dim ? size : s)),
          (index) => index,
        ),
    }),
  );
  const steps = [first!, ...rest];
  return {
    see: (x) => steps.reduce((y, step) => step.tensor(y), x),
    places: steps.reduce((p, step) => step.model(p), places_),
  };
}

const changes = {
  copy_: (_: number, y: number) => y,
  add_: (x: number, y: number) => x + y,
  sub_: (x: number, y: number) => x - y,
  mul_: (x: number, y: number) => x * y,
  zero_: () => 0,
  fill_: () => 7,
};
type Change = keyof typeof changes;

/** A random change of a base tensor through one view by another: on tensors, and its result on plain numbers. */
function programOf(seed: number) {
  const pick = generator(seed);
  const shape = Array.from({ length: 1 + pick(3) }, () => 2 + pick(6));
  const base: Places = { shape, at: Array.from({ length: numel(shape) }, (_, i) => i) };
  const steps = Array.from({ length: 3 }, () => {
    const [to, from] = [viewOf(base, pick), viewOf(base, pick)];
    const common = to.places.shape.map((size, d) => Math.min(size, from.places.shape[d]!));
    const [cutTo, cutFrom] = [matching(common, to.places), matching(common, from.places)];
    const name = (Object.keys(changes) as Change[])[pick(6)]!;
    const run = (x: Tensor) => {
      const y = cutTo.see(to.see(x));
      if (name === 'zero_') y.zero_();
      else if (name === 'fill_') y.fill_(7);
      else y[name](cutFrom.see(from.see(x)));
    };
    const model = (values: number[]) => {
      const read = cutFrom.places.at.map((i) => values[i]!);
      cutTo.places.at.forEach((i, k) => {
        values[i] = changes[name](values[i]!, read[k]!);
      });
    };
    return { name, run, model };
  });
  return {
    shape,
    names: steps.map(({ name }) => name).join(),
    run: (x: Tensor) => {
      for (const step of steps) step.run(x);
    },
    expected: () => {
      const values = [...base.at];
      for (const step of steps) step.model(values);
      return values;
    },
  };
}

const PROGRAMS = 150;

describe.each(executors)('writes through views that overlap on %s', (_, executor) => {
  const run = (fn: () => void) => withExecutor(executor, () => scope(fn));

  it('give the results of separate memory: cases that were wrong', () => {
    run(() => {
      const a = arange(10);
      a.slice(0, 3, 10).copy_(a.slice(0, 0, 7));
      expect(a.toArray()).toEqual([0, 1, 2, 0, 1, 2, 3, 4, 5, 6]);
      const c = arange(9).reshape(3, 3);
      c.copy_(c.T);
      expect(c.toArray()).toEqual([
        [0, 3, 6],
        [1, 4, 7],
        [2, 5, 8],
      ]);
      const long = arange(5000);
      long.slice(0, 1).copy_(long.slice(0, 0, 4999));
      expect([...long.dataSync()]).toEqual([0, ...Array.from({ length: 4999 }, (_, i) => i)]);
    });
  });

  it.each(['float32', 'int32'] as const)(
    `give the results of separate memory in ${PROGRAMS} random programs of %s`,
    (dtype) => {
      for (let seed = 1; seed <= PROGRAMS; seed++) {
        const { shape, names, run: change, expected } = programOf(seed);
        run(() => {
          const base = () => arange(numel(shape), { dtype }).reshape(shape);
          const values = expected().map((value) => value + 0);
          // Beyond this, float32 has gaps.
          if (values.some((value) => Math.abs(value) > 2 ** 24)) return;
          const eager = base();
          change(eager);
          expect(
            [...eager.dataSync()].map((value) => value + 0),
            `eager, seed ${seed}: ${names}`,
          ).toEqual(values);

          const inside = compile((x: Tensor) => {
            const y = x.clone();
            change(y);
            return y;
          });
          expect(
            [...inside(base()).dataSync()].map((value) => value + 0),
            `compiled, seed ${seed}: ${names}`,
          ).toEqual(values);
          inside.dispose();

          const outer = base();
          const outside = compile(() => change(outer));
          outside();
          expect(
            [...outer.dataSync()].map((value) => value + 0),
            `captured, seed ${seed}: ${names}`,
          ).toEqual(values);
          outside.dispose();

          const given = base();
          const changing = compile((x: Tensor) => change(x));
          changing(given);
          expect(
            [...given.dataSync()].map((value) => value + 0),
            `given, seed ${seed}: ${names}`,
          ).toEqual(values);
          changing.dispose();
        });
      }
    },
    60_000,
  );

  it('are refused where several elements share memory, unless all get the same value', () => {
    run(() => {
      const make = () => tensor([[1], [2]]).expand([2, 3]);
      const other = zeros(2, 3);
      const writes: Record<string, (x: Tensor) => unknown> = {
        copy_: (x) => x.copy_(other),
        add_: (x) => x.add_(1),
        sub_: (x) => x.sub_(other),
        mul_: (x) => x.mul_(2),
        div_: (x) => x.div_(2),
        uniform_: (x) => nn.init.uniform_(x),
        normal_: (x) => nn.init.normal_(x),
        xavierUniform_: (x) => nn.init.xavierUniform_(x),
        orthogonal_: (x) => nn.init.orthogonal_(x),
      };
      for (const [name, write] of Object.entries(writes)) {
        const x = make();
        expect(() => write(x), name).toThrow(ArgumentError);
        expect(() => write(x), name).toThrow(/the tensor \[2,3\] repeats its elements \(expand\)/);
        expect(x.toArray(), name).toEqual([
          [1, 1, 1],
          [2, 2, 2],
        ]);
        expect(() => compile(() => write(x))(), name).toThrow(ArgumentError);
      }
      const sevens = [
        [7, 7, 7],
        [7, 7, 7],
      ];
      expect(make().fill_(7).toArray()).toEqual(sevens);
      expect(nn.init.constant_(make(), 7).toArray()).toEqual(sevens);
      // A dimension of size 1 repeats nothing.
      expect(tensor([1, 2]).expand([1, 2]).add_(1).toArray()).toEqual([[2, 3]]);
    });
  });
});
