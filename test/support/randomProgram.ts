/**
 * Random programs: operations on a few tensors, views, in-place changes, captured tensors that are disposed at random
 * moments, sometimes a gradient. They are used to compare ways to run them: the same seed gives the same program.
 */
import { cat, noGrad, type Tensor, tensor, where } from '../../src/index.ts';
import { seeded } from './commands.ts';

const LEAST_OPERATIONS = 3;
const MOST_OPERATIONS = 14;
const CALLS = 3;

type Random = () => number;

const below = (random: Random, n: number): number => Math.floor(random() * n);
const pick = <T>(random: Random, list: readonly T[]): T => list[below(random, list.length)]!;

function numbers(random: Random, shape: readonly number[]): Tensor {
  const n = shape.reduce((product, size) => product * size, 1);
  return tensor(
    Float32Array.from({ length: n }, () => random() - 0.5),
    { shape },
  );
}

/** One operation: it chooses its tensors by random numbers that do not depend on values. */
type Operation = (x: Tensor, y: Tensor, random: Random) => Tensor;

/** Numbers from −1 to 1, in the shape of x. */
const operations: readonly Operation[] = [
  (x) => x.tanh(),
  (x) => x.relu(),
  (x) => x.sigmoid().sub(0.5),
  (x) => x.mul(0.5).exp().log1p(),
  (x, y) => x.add(y).mul(0.5),
  (x, y) => x.mul(y),
  (x, y) => x.maximum(y),
  (x, y) => where(x.gt(y), x, y.mul(0.3)),
  (x, y) => cat([x, y], 0).slice(0, 1, x.shape[0]! + 1),
  (x) => x.sub(x.mean(0, { keepdim: true })),
  (x) => x.add(x.max(1, { keepdim: true }).values).tanh(),
  (x) => x.cumsum(0).tanh(),
  (x) => x.sort(1).values,
  (x) => x.flip(0),
  (x) => x.T.reshape(x.shape),
  (x) => x.matmul(x.T.matmul(x)).tanh(),
  (x, y) => x.sum(1, { keepdim: true }).mul(y).tanh(),
  (x, _, random) =>
    x.indexSelect(
      0,
      tensor(
        Array.from({ length: x.shape[0]! }, () => below(random, x.shape[0]!)),
        { dtype: 'int32' },
      ),
    ),
  (x, _, random) => x.mul(tensor(Array.from({ length: x.shape[1]! }, () => random()))),
  () =>
    tensor([
      [1, 2],
      [3, 4],
    ])
      .sum()
      .mul(0.1)
      .reshape(1, 1),
  // Constants as results.
  (x, _, random) => numbers(random, x.shape),
];

/** Views of x of any shape, for changes in place. */
const views: readonly ((x: Tensor, random: Random) => Tensor)[] = [
  (x) => x,
  (x) => x.T,
  (x, random) => x.select(0, below(random, x.shape[0]!)),
  (x, random) => x.slice(1, below(random, x.shape[1]!)),
  (x) => x.reshape(-1),
];

const changes: readonly ((view: Tensor, random: Random) => void)[] = [
  (view) => view.zero_(),
  (view, random) => view.fill_(random()),
  (view) => view.mul_(0.5),
  (view, random) => view.add_(random()),
  (view, random) => view.copy_(numbers(random, view.shape)),
];

/** The outcome of a run: the numbers of each call, or the name of the error that it threw. */
export type Outcome = (number[] | string)[];

export interface RandomProgram {
  /** Calls `wrap(program)` several times; captured tensors also change and are disposed between the calls. */
  run(wrap: (program: (x: Tensor) => Tensor[]) => (x: Tensor) => Tensor[]): Outcome;
  dispose(): void;
}

export function randomProgram(seed: number): RandomProgram {
  const world = seeded(seed);
  const [rows, cols] = [1 + below(world, 4), 1 + below(world, 5)];
  const captured = Array.from({ length: below(world, 4) }, () => numbers(world, [rows, cols]));
  const leaf = world() < 0.3 ? numbers(world, [rows, cols]) : null;
  if (leaf !== null) leaf.requiresGrad = true;
  const length = LEAST_OPERATIONS + below(world, MOST_OPERATIONS - LEAST_OPERATIONS);

  const program = (x: Tensor): Tensor[] => {
    // The same random choices at every call.
    const random = seeded(seed + 1);
    const values: Tensor[] = [x, ...captured];
    if (leaf !== null) {
      leaf.grad = null;
      values.push(leaf.mul(1.5));
    }
    for (let i = 0; i < length; i++) {
      const value = pick(random, values);
      const kind = random();
      if (kind < 0.7) {
        const result = pick(random, operations)(value, pick(random, values), random);
        values.push(result.shape[0] === rows && result.shape[1] === cols ? result : result.add(value));
      } else if (kind < 0.9) {
        noGrad(() => pick(random, changes)(pick(random, views)(value, random), random));
      } else if (i > 1) {
        value.dispose();
        values.splice(values.indexOf(value), 1);
        if (values.length === 0) values.push(numbers(random, [rows, cols]));
      }
    }
    const results = Array.from({ length: 1 + below(random, 3) }, () =>
      pick(random, views)(pick(random, values), random),
    );
    if (leaf === null) return results;
    const loss = values.at(-1)!.square().sum();
    if (loss.requiresGrad) loss.backward();
    return leaf.grad === null ? results : [...results, (leaf.grad as Tensor).mul(1)];
  };

  return {
    run(wrap) {
      const random = seeded(seed + 2);
      const call = wrap(program);
      return Array.from({ length: CALLS }, () => {
        const x = numbers(random, [rows, cols]);
        const between = captured[below(random, captured.length)];
        const kind = random();
        if (between !== undefined && !between.isDisposed && kind < 0.2) between.dispose();
        else if (between !== undefined && !between.isDisposed && kind < 0.5) between.mul_(0.5);
        try {
          return call(x).flatMap((t) => [...t.shape, ...(t.dataSync() as Float32Array)]);
        } catch (error) {
          return (error as Error).name;
        }
      });
    },
    dispose() {
      for (const t of captured) t.dispose();
      leaf?.dispose();
    },
  };
}
