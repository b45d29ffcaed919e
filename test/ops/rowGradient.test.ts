/**
 * Gradients of tables: in any training loop they equal a dense gradient, and their cost is proportional to the rows
 * looked up. All numbers are small multiples of a power of 2, so that no order of additions rounds.
 */
import { describe, expect, it } from 'vitest';
import type { Executor } from '../../bindings/executor.ts';
import { compile, F, memory, nn, optim, scope, type Tensor, tensor } from '../../src/index.ts';
import { defaultExecutor, withExecutor } from '../../src/runtime/runtime.ts';
import { executors } from '../support/executors.ts';
import { randomInts } from '../support/heap.ts';
import { workIn } from '../support/work.ts';

const ROWS = 24;
const DIM = 5;
const LR = 0.25;

interface Batch {
  index: number[];
  coefficients: number[];
}

/** What a step does with its batches, in tensors and in plain numbers. */
interface Kind {
  lookups: number;
  padding?: number;
  /** Backward after each lookup, not after their sum. */
  separately?: boolean;
  /** The gradient is doubled before the optimizer's step. */
  doubles?: boolean;
  /** The whole table is also used. */
  sums?: boolean;
  /** Gradients are dropped at the end, not at the beginning. */
  dropsAfter?: boolean;
  /** The gradient is added to that of the previous step. Never compiled. */
  keeps?: boolean;
  weightDecay?: number;
}

const kinds: Kind[] = [
  { lookups: 1 },
  { lookups: 1, padding: 3 },
  { lookups: 2 },
  { lookups: 3, padding: 0, separately: true },
  { lookups: 1, doubles: true },
  { lookups: 2, sums: true },
  { lookups: 2, separately: true, doubles: true },
  { lookups: 1, dropsAfter: true },
  { lookups: 1, separately: true, sums: true },
  { lookups: 1, keeps: true },
  { lookups: 1, weightDecay: 4 },
];

/** The same with plain numbers. */
class Plain {
  readonly weight: number[];
  grad: number[] | null = null;

  constructor(start: number[]) {
    this.weight = [...start];
  }

  add(change: (grad: number[]) => void): void {
    this.grad ??= new Array(ROWS * DIM).fill(0);
    change(this.grad);
  }

  step(batches: Batch[], { padding, sums, doubles, weightDecay = 0 }: Kind): void {
    this.add((grad) => {
      for (const { index, coefficients } of batches) {
        index.forEach((row, j) => {
          for (let e = 0; e < DIM; e++) if (row !== padding) grad[row * DIM + e]! += coefficients[j * DIM + e]!;
        });
      }
      if (sums) for (let e = 0; e < grad.length; e++) grad[e]! += 1;
      if (doubles) for (let e = 0; e < grad.length; e++) grad[e]! *= 2;
      for (let e = 0; e < grad.length; e++) {
        const w = this.weight[e]!;
        this.weight[e] = w - LR * (grad[e]! + weightDecay * w);
      }
    });
  }
}

function stepOf(weight: Tensor, optimizer: optim.SGD, kind: Kind) {
  const { lookups, padding, separately, doubles, sums, dropsAfter, keeps } = kind;
  const options = padding === undefined ? {} : { paddingIdx: padding };
  const losses = (args: Tensor[]) =>
    Array.from({ length: lookups }, (_, i) =>
      F.embedding(args[2 * i]!, weight, options)
        .mul(args[2 * i + 1]!)
        .sum(),
    );
  return (...args: Tensor[]): Tensor => {
    if (!dropsAfter && !keeps) optimizer.zeroGrad();
    const parts = losses(args);
    if (sums) parts.push(weight.sum());
    const total = parts.reduce((a, b) => a.add(b));
    if (separately) for (const part of parts) part.backward(undefined, { retainGraph: true });
    else total.backward();
    if (doubles) weight.grad!.mul_(2);
    optimizer.step();
    if (dropsAfter) optimizer.zeroGrad();
    return total.detach();
  };
}

/** As many rows as the table has, fewer, one, none. */
const counts = [4, 4, 4, 9, 1, ROWS, ROWS + 1, 0];

/** Two hundred steps in random order. */
function train(seed: number): void {
  const start = randomInts(ROWS * DIM, seed, -8, 8);
  const weight = new nn.Parameter(tensor(start, { shape: [ROWS, DIM], dtype: 'float32' }));
  const plain = new Plain(start);
  const made = kinds.map((kind) => {
    const optimizer = new optim.SGD([weight], { lr: LR, weightDecay: kind.weightDecay ?? 0 });
    const step = stepOf(weight, optimizer, kind);
    return { kind, optimizer, step, compiled: compile(step) };
  });
  const choices = randomInts(2000, seed + 10, 0, 1 << 20);
  let next = 0;
  const choose = (below: number) => choices[next++]! % below;
  for (let i = 0; i < 200; i++) {
    const { kind, step, compiled } = made[choose(made.length)]!;
    const isCompiled = choose(2) === 1 && !kind.keeps;
    const count = counts[choose(counts.length)]!;
    const batches = Array.from({ length: kind.lookups }, (_, k) => ({
      index: randomInts(count, 100 * i + k, 0, ROWS),
      coefficients: randomInts(count * DIM, 100 * i + k + 50, -2, 3),
    }));
    const note = `seed ${seed}, step ${i}: ${JSON.stringify(kind)}, ${count} rows, ${isCompiled ? 'compiled' : 'eager'}`;
    if (kind.dropsAfter) weight.grad = null;
    if (!kind.keeps) plain.grad = null;
    scope(() => {
      const args = batches.flatMap(({ index, coefficients }) => [
        tensor(index, { dtype: 'int32', shape: [count] }),
        tensor(coefficients, { dtype: 'float32', shape: [count, DIM] }),
      ]);
      (isCompiled ? compiled : step)(...args);
    });
    plain.step(batches, kind);
    expect(Array.from(weight.dataSync()), note).toEqual(plain.weight);
    if (kind.dropsAfter) {
      expect(weight.variable!.grad, note).toBeNull();
      plain.grad = null;
      continue;
    }
    // Not through the getter, which ends the reuse of the memory.
    expect(
      Array.from(weight.variable!.grad!.dataSync(), (x) => x + 0),
      note,
    ).toEqual(plain.grad);
    switch (choose(6)) {
      case 0:
        // The caller may change a gradient that it was given; the next step must not see that.
        scope(() => void weight.grad!.add_(1));
        plain.grad = plain.grad!.map((x) => x + 1);
        break;
      case 1:
        optimizerOf(made).zeroGrad();
        plain.grad = null;
        break;
      case 2:
        plain.grad = randomInts(ROWS * DIM, i, -3, 3);
        weight.grad = scope(() => tensor(plain.grad!, { shape: [ROWS, DIM], dtype: 'float32' }));
        break;
    }
  }
  for (const { optimizer, compiled } of made) {
    compiled.dispose();
    optimizer.dispose();
  }
  weight.grad = null;
  weight.dispose();
}

describe.each(executors)('steps of tables on %s', (name, executor: Executor) => {
  it.each([1, 2, 3])('equal those with a dense gradient, seed %i', (seed) => {
    withExecutor(executor, () => {
      const before = memory().bytesInUse;
      scope(() => train(seed));
      expect(memory().bytesInUse, `${name}: memory`).toBe(before);
    });
  });
});

const optimizerOf = (made: { optimizer: optim.SGD }[]) => made[0]!.optimizer;

it('a gradient is added to that of earlier passes, as a dense one if the user has changed it', () => {
  scope(() => {
    const table = new nn.Parameter(tensor([[1], [2], [3], [4]]));
    const optimizer = new optim.SGD([table], { lr: 1 });
    const pass = (...index: number[]) =>
      F.embedding(tensor(index, { dtype: 'int32' }), table)
        .sum()
        .backward();
    pass(1);
    pass(1, 2);
    expect(table.variable!.grad!.toArray()).toEqual([[0], [2], [1], [0]]);
    optimizer.step();
    expect(table.toArray()).toEqual([[1], [0], [2], [4]]);
    table.grad!.sub_(1);
    pass(3);
    optimizer.step();
    expect(table.toArray()).toEqual([[2], [-1], [2], [4]]);
    // The next steps do not change a gradient that the user holds.
    const held = table.grad!;
    const values = held.toArray();
    optimizer.zeroGrad();
    pass(0, 0);
    expect(held.toArray()).toEqual(values);
    expect(table.grad!.toArray()).toEqual([[2], [0], [0], [0]]);
    table.dispose();
    optimizer.dispose();
  });
});

it('a compiled step follows a weight decay that is set later', () => {
  scope(() => {
    const table = new nn.Parameter(tensor([[4], [8], [12]]));
    const optimizer = new optim.SGD([table], { lr: 0.5 });
    const step = compile((index: Tensor) => {
      optimizer.zeroGrad();
      F.embedding(index, table).sum().backward();
      optimizer.step();
    });
    const index = tensor([1, 1], { dtype: 'int32' });
    step(index);
    expect(table.toArray()).toEqual([[4], [7], [12]]);
    optimizer.paramGroups[0]!.weightDecay = 0.5;
    step(index);
    expect(table.toArray()).toEqual([[3], [4.25], [9]]);
    optimizer.paramGroups[0]!.weightDecay = 0;
    optimizer.paramGroups[0]!.lr = 1;
    step(index);
    expect(table.toArray()).toEqual([[3], [2.25], [9]]);
    step.dispose();
    optimizer.dispose();
    table.dispose();
  });
});

it('indexSelect has gradients of rows too, for any number of dimensions', () => {
  scope(() => {
    const table = new nn.Parameter(tensor([1, 2, 3, 4, 5, 6, 7, 8], { shape: [4, 1, 2] }));
    const optimizer = new optim.SGD([table], { lr: 1 });
    table
      .indexSelect(0, tensor([3, 3, 0], { dtype: 'int32' }))
      .sum()
      .backward();
    optimizer.step();
    expect(Array.from(table.dataSync())).toEqual([0, 1, 3, 4, 5, 6, 5, 6]);
    expect(table.grad!.toArray()).toEqual([[[1, 1]], [[0, 0]], [[0, 0]], [[2, 2]]]);
    table.dispose();
    optimizer.dispose();
  });
});

describe('the work of a step', () => {
  const options: [string, nn.Embedding['options']][] = [
    ['a plain table', {}],
    ['padding', { paddingIdx: 1 }],
    ['gradients scaled by frequency', { scaleGradByFreq: true }],
    ['a maximum norm', { maxNorm: 1 }],
  ];

  it.each(options)('is proportional to the rows looked up, not to the table: %s', (_, given) => {
    const index = randomInts(40, 1, 0, 100);
    const measure = (rows: number, isCompiled: boolean) => {
      const layer = new nn.Embedding(rows, 16, given);
      const optimizer = new optim.SGD(layer.parameters(), { lr: 0.1 });
      const x = tensor(index, { dtype: 'int32' });
      const step = (input: Tensor) => {
        optimizer.zeroGrad();
        layer.forward(input).mean().backward();
        optimizer.step();
      };
      const compiled = isCompiled ? compile(step) : null;
      const run = () => scope(() => void (compiled ?? step)(x));
      run();
      run();
      const bytes = memory().bytesInUse;
      const atOnce = workIn(defaultExecutor(), run);
      expect(memory().bytesInUse).toBe(bytes);
      const listing = String(compiled?.program).replace(/, [^,]* for buffers.*/, '');
      compiled?.dispose();
      for (const part of [layer, optimizer, x]) part.dispose();
      return { atOnce, listing };
    };
    for (const isCompiled of [false, true]) {
      const small = measure(100, isCompiled);
      expect(measure(20_000, isCompiled)).toEqual(small);
      expect(small.atOnce).toBeGreaterThan(0);
      expect(small.atOnce).toBeLessThan(40 * 16 * 40);
    }
  });

  it('does not include a zero fill for Adam, which changes all rows', () => {
    const layer = new nn.Embedding(5000, 4);
    const optimizer = new optim.Adam(layer.parameters());
    const x = tensor([1, 2, 4999], { dtype: 'int32' });
    const backward = () => scope(() => layer.forward(x).mean().backward());
    backward();
    optimizer.step();
    optimizer.zeroGrad();
    expect(workIn(defaultExecutor(), backward)).toBeLessThan(200);
    for (const part of [layer, optimizer, x]) part.dispose();
  });
});
