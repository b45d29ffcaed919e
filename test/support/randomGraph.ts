/** Random small training problems: a graph of a few operations on leaves, a scalar loss, an optimizer. For comparing ways to run them. */
import { F, nn, optim, type Tensor, tensor, where } from '../../src/index.ts';

/** A linear congruential generator (Numerical Recipes), so that a seed says everything. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

type Step = (x: Tensor) => Tensor;

/** Operations from [rows, cols] to [rows, cols]; each may hold leaves of its own. */
function operation(random: () => number, cols: number, leaves: nn.Parameter[]): Step {
  const leaf = (...shape: number[]) => {
    const size = shape.reduce((n, s) => n * s, 1);
    const parameter = new nn.Parameter(
      tensor(
        Float32Array.from({ length: size }, () => random() - 0.5),
        { shape },
      ),
    );
    leaves.push(parameter);
    return parameter;
  };
  const choices: (() => Step)[] = [
    () => (x) => x.tanh(),
    () => (x) => x.relu(),
    () => (x) => x.sigmoid().mul(2),
    () => (x) => x.square().add(1).sqrt(),
    () => (x) => x.mul(0.5).exp(),
    () => (x) => x.sub(x.mean(1, { keepdim: true })),
    () => (x) => F.softmax(x, { dim: 1 }).add(x),
    () => (x) =>
      x
        .slice(1, 0, cols - 1)
        .sum(1, { keepdim: true })
        .add(x),
    () => (x) => where(x.gt(0), x, x.mul(0.1)),
    () => (x) => x.transpose(0, 1).reshape(-1).reshape(x.shape),
    () => {
      const w = leaf(cols, cols);
      const b = leaf(cols);
      return (x) => F.linear(x, w, b);
    },
    () => {
      const w = leaf(cols, cols);
      return (x) => x.matmul(w).relu();
    },
    () => {
      const s = leaf(1, cols);
      return (x) => x.mul(s);
    },
    () => {
      const s = leaf(cols);
      return (x) => x.add(s).sigmoid();
    },
  ];
  return choices[Math.floor(random() * choices.length)]!();
}

export interface Problem {
  leaves: nn.Parameter[];
  x: Tensor;
  /** One step of training; gives the loss. */
  step: (x: Tensor) => Tensor;
}

export function randomProblem(seed: number): Problem {
  const random = seeded(seed);
  const rows = 1 + Math.floor(random() * 5);
  const cols = 2 + Math.floor(random() * 6);
  const leaves: nn.Parameter[] = [];
  const first = operation(() => 0.75, cols, []);
  const w = new nn.Parameter(
    tensor(
      Float32Array.from({ length: cols * cols }, () => random() - 0.5),
      { shape: [cols, cols] },
    ),
  );
  leaves.push(w);
  const steps = Array.from({ length: 1 + Math.floor(random() * 5) }, () => operation(random, cols, leaves));
  const optimizer =
    random() < 0.5
      ? new optim.SGD(leaves, { lr: 0.05, momentum: random() < 0.5 ? 0.9 : 0 })
      : new optim.Adam(leaves, { lr: 0.01 });
  const x = tensor(
    Float32Array.from({ length: rows * cols }, () => random() * 2 - 1),
    { shape: [rows, cols] },
  );
  const step = (input: Tensor): Tensor => {
    optimizer.zeroGrad();
    let y = first(input.matmul(w));
    for (const apply of steps) y = apply(y);
    const loss = y.square().mean();
    loss.backward();
    optimizer.step();
    return loss;
  };
  return { leaves, x, step };
}
