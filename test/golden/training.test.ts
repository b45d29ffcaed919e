/** The optimizers besides SGD and Adam, schedules, and layers with two inputs against PyTorch. */
import { describe, expect, it } from 'vitest';
import { compile, nn, optim, scope, type Tensor, tensor, zeros } from '../../src/index.ts';
import { withExecutor } from '../../src/runtime/runtime.ts';
import { executors } from '../support/executors.ts';
import { expectGolden, FORWARD, fixtures, GRADIENT, load, type Stored } from '../support/golden.ts';

interface OptimizerCase {
  name: string;
  optimizer: 'AdamW' | 'NAdam' | 'RMSprop' | 'Adagrad' | 'Adadelta';
  options: object;
  params: Stored[];
  gradients: Stored[][];
  after: Stored[][];
}

interface ScheduleCase {
  name: string;
  scheduler: keyof typeof optim.lrScheduler | 'together';
  options: object;
  rates: number[][];
  momenta: number[];
  metrics?: number[];
}

interface LayerCase {
  name: string;
  sizes: [number, number, number];
  bias: boolean;
  state: Record<string, Stored>;
  inputs: [Stored, Stored];
  output: Stored;
}

const optimizers = fixtures<OptimizerCase>('moreOptimizers');
const schedules = fixtures<ScheduleCase>('schedules');
const layers = fixtures<LayerCase>('layers');

it('the fixtures have all cases', () =>
  expect([optimizers.length, schedules.length, layers.length]).toEqual([20, 31, 6]));

describe.each(executors)('training on %s agrees with PyTorch', (_, executor) => {
  const run = (fn: () => void) => withExecutor(executor, () => scope(fn));

  it.each(optimizers)('$name: 15 steps, saved and loaded half-way', (golden) => {
    run(() => {
      const own = golden.params.map((stored) => load({ ...stored, grad: true }));
      const make = () => new optim[golden.optimizer](own, golden.options);
      let optimizer = make();
      for (const [step, expected] of golden.after.entries()) {
        for (const [i, p] of own.entries()) p.grad = load(golden.gradients[step]![i]!);
        if (step === 7) {
          const next = make();
          next.loadStateDict(optimizer.stateDict() as never);
          optimizer.dispose();
          optimizer = next;
        }
        optimizer.step();
        for (const [i, p] of own.entries())
          expectGolden(`parameter ${i} after step ${step}`, p, expected[i]!, GRADIENT);
      }
      optimizer.dispose();
    });
  });

  it.each(optimizers)('$name: the same bits when compiled, with the current rate', ({ optimizer: kind, options }) => {
    run(() => {
      const train = (wrap: (step: (x: Tensor) => Tensor) => (x: Tensor) => Tensor) => {
        const p = tensor([1, -2, 3, 0.5], { requiresGrad: true });
        const optimizer = new optim[kind]([p], options);
        const step = wrap((x) => {
          optimizer.zeroGrad();
          const loss = p.sub(x).square().sum();
          loss.backward();
          optimizer.step();
          return loss;
        });
        const x = tensor([0, 1, 0, 1]);
        const seen = Array.from({ length: 6 }, (_, i) => {
          if (i === 3) optimizer.paramGroups[0]!.lr *= 0.5;
          return step(x).item();
        });
        optimizer.dispose();
        return [...seen, ...p.dataSync()];
      };
      expect(train((step) => compile(step))).toEqual(train((step) => step));
    });
  });

  it.each(layers)('$name', ({ sizes, bias, state, inputs, output }) => {
    run(() => {
      const layer = new nn.Bilinear(...sizes, { bias });
      layer.loadStateDict(Object.fromEntries(Object.entries(state).map(([name, t]) => [name, load(t)])));
      expectGolden('output', layer.forward(load(inputs[0]), load(inputs[1])), output, FORWARD);
      layer.dispose();
    });
  });
});

const { LambdaLR, SequentialLR, LinearLR, ExponentialLR, StepLR } = optim.lrScheduler;

interface Steps {
  step(metric?: number): void;
  stateDict(): Record<string, unknown>;
  loadStateDict(state: Record<string, unknown>): void;
}

/** Schedules that are stepped one after another; in some cases the rates are changed by hand in between. */
class Together implements Steps {
  private readonly parts: Steps[];
  private epoch = 0;

  constructor(
    private readonly optimizer: optim.SGD,
    private readonly options: { several: [ScheduleCase['scheduler'], object][]; byHand: boolean },
  ) {
    this.parts = options.several.map(([scheduler, given]) =>
      makeSchedule({ scheduler, options: given } as ScheduleCase, optimizer),
    );
  }

  step(): void {
    for (const part of this.parts) part.step();
    if (this.options.byHand && (this.epoch === 5 || this.epoch === 20))
      for (const group of this.optimizer.paramGroups) group.lr *= 0.3;
    this.epoch++;
  }

  stateDict(): Record<string, unknown> {
    return { epoch: this.epoch, parts: this.parts.map((part) => part.stateDict()) };
  }

  loadStateDict({ epoch, parts }: Record<string, unknown>): void {
    this.epoch = epoch as number;
    for (const [i, part] of this.parts.entries()) part.loadStateDict((parts as Record<string, unknown>[])[i]!);
  }
}

function makeSchedule({ scheduler, options }: ScheduleCase, optimizer: optim.SGD): Steps {
  if (scheduler === 'together') return new Together(optimizer, options as ConstructorParameters<typeof Together>[1]);
  if (scheduler === 'LambdaLR')
    return new LambdaLR(optimizer, { lrLambda: [(e) => 1 / (1 + e), (e) => 0.95 ** e] }) as Steps;
  if (scheduler === 'SequentialLR') {
    const first = new LinearLR(optimizer, { startFactor: 0.1, totalIters: 4 });
    const parts = [first, new ExponentialLR(optimizer, { gamma: 0.9 }), new StepLR(optimizer, { stepSize: 5 })];
    return new SequentialLR(optimizer, { schedulers: parts, milestones: [4, 15] }) as Steps;
  }
  const make = optim.lrScheduler[scheduler] as unknown as new (optimizer: optim.SGD, options: object) => Steps;
  return new make(optimizer, options);
}

describe('schedules agree with PyTorch', () => {
  it.each(schedules)('$name: 40 epochs, saved and loaded half-way', (golden) => {
    scope(() => {
      const groups = [
        { params: [zeros([1], { requiresGrad: true })] },
        { params: [zeros([1], { requiresGrad: true })], lr: 0.3 },
      ];
      const sgd = () => new optim.SGD(groups, { lr: 0.1, momentum: 0.5 });
      let optimizer = sgd();
      let schedule = makeSchedule(golden, optimizer);
      for (let epoch = 0; epoch < 40; epoch++) {
        if (epoch === 17) {
          const saved = [optimizer.stateDict(), JSON.parse(JSON.stringify(schedule.stateDict()))];
          optimizer = sgd();
          schedule = makeSchedule(golden, optimizer);
          optimizer.loadStateDict(saved[0]);
          schedule.loadStateDict(saved[1]);
        }
        golden.rates[epoch]!.forEach((rate, i) => {
          expect(Math.abs(optimizer.paramGroups[i]!.lr - rate), `epoch ${epoch}, group ${i}`).toBeLessThan(1e-9);
        });
        expect(optimizer.paramGroups[0]!.momentum).toBeCloseTo(golden.momenta[epoch]!, 12);
        schedule.step(golden.metrics?.[epoch]);
      }
    });
  });

  it('WarmupCosineLR rises, then falls to its lowest rate and stays there', () => {
    const optimizer = new optim.SGD([zeros([1], { requiresGrad: true })], { lr: 1 });
    const schedule = new optim.lrScheduler.WarmupCosineLR(optimizer, { warmupEpochs: 4, totalEpochs: 8, etaMin: 0.2 });
    const rates = Array.from({ length: 10 }, () => {
      const [lr] = schedule.getLastLr();
      schedule.step();
      return lr!;
    });
    const half = 0.2 + 0.4 * (1 + Math.SQRT1_2);
    [0.25, 0.5, 0.75, 1, 1, half, 0.6, 1.2 - half, 0.2, 0.2].forEach((rate, i) => {
      expect(rates[i]).toBeCloseTo(rate, 12);
    });
  });
});
