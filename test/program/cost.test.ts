/** The estimated cost of programs, from their commands, without a GPU. */
import { describe, expect, it } from 'vitest';
import { compile, F, nn, optim, rand, type Tensor, tensor } from '../../src/index.ts';
import { replayOf } from '../../src/program/compile.ts';
import { type Cost, sumOfCosts } from '../../src/program/cost.ts';
import { onCpu, onGpu } from '../../src/program/estimate.ts';
import type { Rates } from '../../src/webgpu/rates.ts';

const rates: Rates = {
  cpu: { command: 1, smallProduct: 20_000, product: 50_000, element: 7_000 },
  gpu: {
    ...{ roundTrip: 200, launch: 5, workgroup: 20_000, product: 1_000_000, element: 70_000 },
    ...{ upload: 4_000, download: 4_000 },
  },
};
const noBytes = { up: 0, down: 0 };

function costOf(fn: (...inputs: Tensor[]) => unknown, ...inputs: Tensor[]): Cost {
  const program = compile(fn);
  program(...inputs);
  const cost = sumOfCosts(replayOf(program)!.commands);
  program.dispose();
  return cost;
}

const flops = ({ products }: Cost) =>
  products.reduce((sum, { m, n, k, batch, count }) => sum + 2 * m * n * k * batch * count, 0);

describe('the cost of a program', () => {
  it('includes all products', () => {
    expect(flops(costOf((a, b) => a!.matmul(b!), rand(3, 5), rand(5, 7)))).toBe(2 * 3 * 5 * 7);
    expect(flops(costOf((a, b) => a!.matmul(b!), rand(4, 3, 5), rand(4, 5, 7)))).toBe(4 * 2 * 3 * 5 * 7);
    const image = rand(2, 6, 9, 9);
    expect(flops(costOf((x, w) => F.conv2d(x!, w!, null, { groups: 2 }), image, rand(8, 3, 3, 3)))).toBe(
      2 * 2 * 8 * 7 * 7 * 27,
    );
    const lstm = new nn.LSTM(5, 8);
    const forward = costOf((x) => lstm.forward(x!)[0], rand(6, 4, 5));
    expect(flops(forward)).toBe(2 * 6 * 4 * 32 * (5 + 8));
  });

  it('weighs elements by the work of their command', () => {
    const x = rand(1000);
    const [add, exp] = [costOf((a) => a!.add(1), x), costOf((a) => a!.exp(), x)];
    expect([add.elements, add.work, add.launches]).toEqual([1000, 1000, 1]);
    expect(exp.work).toBe(4000);
    const [short, long] = [32, 4096].map((n) => costOf((a) => a!.sort(1).values, rand(10, n)));
    expect(long!.launches).toBeGreaterThan(short!.launches + 5);
  });

  it('knows every command of a training step', () => {
    const model = new nn.Sequential(
      new nn.Conv2d(1, 4, 3, { padding: 1 }),
      new nn.BatchNorm2d(4),
      new nn.ReLU(),
      new nn.MaxPool2d(2),
      new nn.Dropout(0.5),
      new nn.Flatten(),
      new nn.Linear(36, 3),
    );
    const optimizer = new optim.Adam(model.parameters());
    const step = (x?: Tensor, y?: Tensor) => {
      optimizer.zeroGrad();
      const loss = F.crossEntropy(model.forward(x!), y!);
      loss.backward();
      optimizer.step();
      return loss;
    };
    const cost = (batch: number) => costOf(step, rand(batch, 1, 6, 6), tensor(new Int32Array(batch)));
    const [small, large] = [cost(1), cost(64)];
    expect(flops(large)).toBeGreaterThan(50 * flops(small));
    for (const value of [small.work, small.elements, small.launches]) expect(value).toBeGreaterThan(0);
    expect(large.launches).toBe(small.launches);
  });
});

describe('an estimate', () => {
  const cost = (batch: number) => costOf((x, w) => x!.matmul(w!).relu(), rand(batch, 512), rand(512, 512));

  it('grows with the batch, and crosses over', () => {
    const batches = [1, 8, 64, 512, 4096];
    const costs = batches.map(cost);
    const [cpu, gpu] = [costs.map((c) => onCpu(c, rates)), costs.map((c) => onGpu(c, rates, noBytes))];
    for (let i = 1; i < batches.length; i++) {
      expect(cpu[i]!).toBeGreaterThan(cpu[i - 1]!);
      expect(gpu[i]!).toBeGreaterThanOrEqual(gpu[i - 1]!);
    }
    expect(cpu[0]!).toBeLessThan(gpu[0]!);
    expect(gpu[4]!).toBeLessThan(cpu[4]! / 5);
  });

  it('includes transfers to and from the GPU', () => {
    const bytes = { up: 8_000_000, down: 4_000_000 };
    expect(onGpu(cost(8), rates, bytes) - onGpu(cost(8), rates, noBytes)).toBeCloseTo(3000, 6);
  });

  it('takes into account that one workgroup is not the whole GPU', () => {
    const [narrow] = [costOf((x, w) => x!.matmul(w!), rand(32, 4096), rand(4096, 32))];
    const own = onGpu(narrow!, rates, noBytes) - rates.gpu.roundTrip;
    expect(own).toBeGreaterThan((2 * 32 * 32 * 4096) / rates.gpu.workgroup);
  });
});
