/**
 * Random small training problems: a graph of a few operations on leaves, a scalar loss, an optimizer, outside tensors
 * that change between steps. They are used to compare ways to run them.
 */
import { cat, F, nn, noGrad, optim, stack, type Tensor, tensor, where } from '../../src/index.ts';
import { seeded } from './commands.ts';

type Step = (x: Tensor) => Tensor;

/** What operations may use: random numbers, sizes, leaves, and tensors outside of the steps. */
interface Workshop {
  random: () => number;
  rows: number;
  cols: number;
  leaf(...shape: number[]): nn.Parameter;
  /** An outside tensor with elements between −0.5 and 0.5. */
  outside(...shape: number[]): Tensor;
}

/** Operations from [rows, cols] to [rows, cols], made once per problem. */
const operations: ((w: Workshop) => Step)[] = [
  // Functions of one element.
  () => (x) => x.tanh(),
  () => (x) => x.relu(),
  () => (x) => x.sigmoid().mul(2),
  () => (x) => x.square().add(1).sqrt(),
  () => (x) => x.clamp(-2, 2).mul(0.5).exp(),
  () => (x) => x.abs().log1p().neg(),
  () => (x) => x.sin().add(x.cos()).div(2),
  () => (x) => where(x.gt(0), x, x.mul(0.1)),
  () => (x) => x.maximum(x.mul(-0.3)),
  () => (x) => F.dropout(x, { p: 0.3 }),
  // Reductions.
  () => (x) => x.sub(x.mean(1, { keepdim: true })),
  () => (x) => x.sub(x.mean(0, { keepdim: true })).add(x.sum().mul(0.01)),
  () => (x) => x.div(x.square().sum(1, { keepdim: true }).add(1).sqrt()),
  () => (x) => x.sub(x.max(1, { keepdim: true }).values),
  () => (x) => x.add(x.min().mul(0.5)),
  () => (x) => x.mul(0.2).cumsum(1),
  () => (x) => x.sub(x.logsumexp(1, { keepdim: true })),
  () => (x) => x.div(x.variance(1, { keepdim: true }).add(1)),
  ({ rows }) =>
    (x) =>
      x.add(x.argmax(1).to('float32').reshape(rows, 1).mul(0.1)),
  // Softmax.
  () => (x) => F.softmax(x, { dim: 1 }).add(x),
  () => (x) => F.softmax(x, { dim: 0 }).mul(x),
  () => (x) => F.logSoftmax(x, { dim: 1 }).mul(0.5),
  // Views and copies.
  ({ cols }) =>
    (x) =>
      x
        .slice(1, 0, cols - 1)
        .sum(1, { keepdim: true })
        .add(x),
  () => (x) => x.transpose(0, 1).reshape(-1).reshape(x.shape),
  ({ cols }) =>
    (x) =>
      cat([x.slice(1, 1, cols), x.slice(1, 0, 1)], 1),
  () => (x) => stack([x, x.mul(2)], 0).mean(0),
  () => (x) => x.select(1, 0).unsqueeze(1).expand(x.shape).add(x).mul(0.5),
  ({ rows, random }) => {
    const order = Int32Array.from({ length: rows }, () => Math.floor(random() * rows));
    return (x) => x.indexSelect(0, tensor(order, { dtype: 'int32' }));
  },
  // Changes in place.
  () => (x) => x.add(0.5).mul_(0.9),
  () => (x) => x.mul(1.5).add_(x.tanh()),
  ({ outside, cols }) => {
    const seen = outside(cols);
    return (x) => {
      noGrad(() => seen.mul_(0.9).add_(x.detach().mean(0)));
      return x.sub(seen.mul(0.1));
    };
  },
  // Matrix products and leaves.
  ({ leaf, cols }) => {
    const [w, b] = [leaf(cols, cols), leaf(cols)];
    return (x) => F.linear(x, w, b);
  },
  ({ leaf, cols }) => {
    const [w, v] = [leaf(3, cols), leaf(cols, 3)];
    return (x) => F.linear(F.linear(x, w).relu(), v);
  },
  ({ leaf, cols }) => {
    const w = leaf(cols, cols);
    return (x) => x.matmul(w).sigmoid();
  },
  () => (x) => x.matmul(x.T.mul(0.1)).matmul(x).tanh(),
  ({ leaf, cols }) => {
    const w = leaf(2, cols, cols);
    return (x) =>
      x
        .unsqueeze(0)
        .expand([2, ...x.shape])
        .matmul(w)
        .mean(0);
  },
  ({ leaf, cols }) => {
    const s = leaf(1, cols);
    return (x) => x.mul(s);
  },
  ({ leaf, cols }) => {
    const s = leaf(cols);
    return (x) => x.add(s).sigmoid();
  },
  // Values that do not depend on the input: they are made once.
  ({ outside, cols }) => {
    const w = outside(cols, cols);
    return (x) => x.matmul(F.softmax(w.T, { dim: 1 }));
  },
  ({ outside, cols }) => {
    const [scale, shift] = [outside(cols), outside(cols)];
    return (x) => x.mul(scale.square().add(0.5).rsqrt()).add(shift.mul(tensor(0.5)));
  },
];

function optimizerOf(random: () => number, leaves: nn.Parameter[]): optim.SGD | optim.Adam {
  const weightDecay = random() < 0.3 ? 0.01 : 0;
  if (random() < 0.5) return new optim.Adam(leaves, { lr: 0.01, weightDecay, amsgrad: random() < 0.3 });
  const momentum = random() < 0.5 ? 0.9 : 0;
  const nesterov = momentum > 0 && random() < 0.5;
  return new optim.SGD(leaves, { lr: 0.05, momentum, nesterov, weightDecay });
}

export interface Problem {
  /** All tensors that a step may change. */
  state: Tensor[];
  x: Tensor;
  /** One training step; returns the loss and other results. */
  step: (x: Tensor) => Tensor[];
  /** Changes an outside tensor between two steps. */
  disturb(): void;
  dispose(): void;
}

/** One in this many problems has tensors that are long enough for strips. */
const LARGE = 40;

export function randomProblem(seed: number): Problem {
  const random = seeded(seed);
  const isLarge = random() < 1 / LARGE;
  const rows = isLarge ? 700 : 1 + Math.floor(random() * 5);
  const cols = isLarge ? 24 : 2 + Math.floor(random() * 6);
  const numbers = (...shape: number[]) =>
    tensor(
      Float32Array.from({ length: shape.reduce((n, s) => n * s, 1) }, () => random() - 0.5),
      { shape },
    );
  const leaves: nn.Parameter[] = [];
  const others: Tensor[] = [];
  const workshop: Workshop = {
    ...{ random, rows, cols },
    leaf: (...shape) => {
      const parameter = new nn.Parameter(numbers(...shape));
      leaves.push(parameter);
      return parameter;
    },
    outside: (...shape) => {
      const other = numbers(...shape);
      others.push(other);
      return other;
    },
  };
  const w = workshop.leaf(cols, cols);
  const chosen = Array.from({ length: 1 + Math.floor(random() * 6) }, () =>
    operations[Math.floor(random() * operations.length)]!(workshop),
  );
  const optimizer = optimizerOf(random, leaves);
  const extras = random() < 0.4;
  const x = numbers(rows, cols);
  const step = (input: Tensor): Tensor[] => {
    optimizer.zeroGrad();
    const values = [input.mul(2).matmul(w)];
    for (const apply of chosen) values.push(apply(values.at(-1)!));
    const y = values.at(-1)!;
    const loss = y.square().mean();
    loss.backward();
    optimizer.step();
    return extras ? [loss, y, y.T, values[0]!.sum(0), w] : [loss];
  };
  const disturb = () => {
    noGrad(() => (others[0] ?? w).mul_(0.5));
    optimizer.paramGroups[0]!.lr *= 0.7;
  };
  const dispose = () => {
    optimizer.dispose();
    for (const t of [...leaves, ...others]) t.dispose();
  };
  return { state: [...leaves, ...others], x, step, disturb, dispose };
}
