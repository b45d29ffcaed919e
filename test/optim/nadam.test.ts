/** NAdam's options in PyTorch 2, for which the fixtures are too old; OneCycleLR by epochs and batches. Numbers are PyTorch 2.13's. */
import { expect, it } from 'vitest';
import { compile, optim, tensor } from '../../src/index.ts';
import { withExecutor } from '../../src/runtime/runtime.ts';
import { executors } from '../support/executors.ts';

const GRADIENTS = [
  [0.5, -1, 0.25],
  [1.5, 0.1, -0.75],
  [-0.2, 0.3, 2],
];

const CASES: [optim.NAdamOptions, number[]][] = [
  [{ maximize: true }, [0.6007828, -1.2373961, 2.0558383]],
  [{ weightDecay: 0.1, maximize: true }, [0.5984827, -1.221083, 2.0490108]],
  [{ weightDecay: 0.1, decoupledWeightDecay: true }, [0.3925345, -1.1452104, 1.9145955]],
  [
    { weightDecay: 0.3, decoupledWeightDecay: true, maximize: true, betas: [0.5, 0.8], momentumDecay: 0.1 },
    [0.589303, -1.1778932, 1.9729276],
  ],
];

it.each(executors)('NAdam can maximize, and can decouple weight decay, on %s', (_, executor) => {
  withExecutor(executor, () => {
    for (const [options, expected] of CASES) {
      for (const isCompiled of [false, true]) {
        const p = tensor([0.5, -1.2, 2], { requiresGrad: true });
        const optimizer = new optim.NAdam([p], { lr: 0.05, ...options });
        const step = () => optimizer.step();
        const run = isCompiled ? compile(step) : step;
        for (const gradient of GRADIENTS) {
          p.grad ??= tensor([0, 0, 0]);
          p.grad.copy_(tensor(gradient));
          run();
        }
        for (const [i, value] of (p.toArray() as number[]).entries()) expect(value).toBeCloseTo(expected[i]!, 5);
      }
    }
  });
});

const leaf = () => tensor([0], { requiresGrad: true });

it.each(['SGD', 'Adam', 'AdamW', 'NAdam', 'RMSprop', 'Adagrad', 'Adadelta'] as const)('%s can maximize', (name) => {
  const [up, down] = [leaf(), leaf()];
  up.grad = tensor([-2]);
  down.grad = tensor([2]);
  new optim[name]([up], { lr: 0.1, maximize: true }).step();
  new optim[name]([down], { lr: 0.1 }).step();
  expect(up.item()).toBe(down.item());
  expect(up.item()).toBeLessThan(0);
});

const { OneCycleLR } = optim.lrScheduler;
function rates(options: Partial<optim.lrScheduler.OneCycleLROptions>): number[] {
  const optimizer = new optim.SGD([leaf()], { lr: 0.1, momentum: 0.9 });
  const schedule = new OneCycleLR(optimizer, { maxLr: 0.1, ...options });
  return Array.from({ length: 6 }, () => {
    const { lr } = optimizer.paramGroups[0]!;
    schedule.step();
    return lr;
  });
}

it('OneCycleLR counts its steps by epochs and batches', () => {
  const expected = [0.004, 0.052, 0.1, 0.09504846320134738, 0.0811745653949763, 0.06112620219362893];
  for (const options of [
    { epochs: 2, stepsPerEpoch: 5 },
    { totalSteps: 10 },
    { totalSteps: 10, epochs: 2, stepsPerEpoch: 5 },
  ]) {
    for (const [i, rate] of rates(options).entries()) expect(rate).toBeCloseTo(expected[i]!, 12);
  }
});

it.each([
  [{}, 'OneCycleLR: needs totalSteps, or both epochs and stepsPerEpoch'],
  [{ epochs: 2 }, 'OneCycleLR: needs totalSteps, or both epochs and stepsPerEpoch'],
  [{ stepsPerEpoch: 2 }, 'OneCycleLR: needs totalSteps, or both epochs and stepsPerEpoch'],
  [{ totalSteps: 10, epochs: 2 }, 'OneCycleLR: needs totalSteps, or both epochs and stepsPerEpoch'],
  [{ totalSteps: 8, epochs: 2, stepsPerEpoch: 5 }, 'OneCycleLR: totalSteps is 8, but 2 epochs of 5 are 10'],
  [{ epochs: 0, stepsPerEpoch: 3 }, 'OneCycleLR: epochs must be a whole number of at least 1, got 0'],
  [{ epochs: 1.5, stepsPerEpoch: 2 }, 'OneCycleLR: epochs must be a whole number of at least 1, got 1.5'],
  [{ epochs: 2, stepsPerEpoch: 0 }, 'OneCycleLR: stepsPerEpoch must be a whole number of at least 1, got 0'],
  [{ totalSteps: 0 }, 'OneCycleLR: totalSteps must be a whole number of at least 1, got 0'],
  [{ totalSteps: 9, divFactor: 0 }, 'OneCycleLR: divFactor must be'],
  [{ totalSteps: 9, maxMomentum: Number.NaN }, 'OneCycleLR: maxMomentum must be'],
])('OneCycleLR refuses %j', (options, message) => {
  expect(() => rates(options)).toThrow(message);
});
