/** A training step that changes everything that a step can change, around an operation that may refuse its values. */

import { generator } from '../../src/emit/random.ts';
import { manualSeed, nn, optim, randn, type Tensor, tensor, zeros } from '../../src/index.ts';
import { type Operands, type RangeCase, SIZE, WIDTH } from './rangeCases.ts';

const bitsOf = (t: Tensor): number[] => {
  const values = t.dataSync();
  return Array.from(new Uint32Array(values.buffer, values.byteOffset, values.length));
};

export class World implements Operands {
  readonly table: Tensor;
  readonly weight = tensor([1, 0.5, 2, 1, 3]);
  readonly lstm: nn.LSTM;
  readonly norm = new nn.BatchNorm1d(WIDTH);
  readonly drop = new nn.Dropout(0.5);
  readonly optimizer: optim.Adam;
  readonly x: Tensor;
  readonly steps = zeros([]);
  /** The position of its next step in the random numbers. */
  private random = { seed: 3, counter: 0 };

  constructor(private readonly given: RangeCase) {
    manualSeed(5);
    this.table = randn(SIZE, WIDTH);
    this.table.requiresGrad = true;
    this.x = randn(6, WIDTH);
    this.lstm = new nn.LSTM(WIDTH, 2);
    this.optimizer = new optim.Adam([this.table, ...this.norm.parameters()], { lr: 0.1 });
  }

  /** Gradients and running statistics change before the values are checked, weights afterwards. */
  step(values: Tensor): Tensor {
    this.optimizer.zeroGrad();
    this.steps.add_(1);
    const first = this.drop
      .forward(this.norm.forward(this.x.mul(this.table.mean(0))))
      .square()
      .sum();
    first.backward();
    const loss = this.given.run(values, this).square().mean();
    loss.backward();
    this.optimizer.step();
    return loss;
  }

  /** Runs `step` with the world's own position in the stream of random numbers. */
  with<T>(step: () => T): T {
    generator.state = this.random;
    try {
      return step();
    } finally {
      this.random = generator.state;
    }
  }

  /** The bits of everything that a step changes. */
  get bits(): Record<string, unknown> {
    const { state } = this.optimizer.stateDict();
    const parameters = [this.table, ...this.norm.parameters()];
    return {
      weights: parameters.map(bitsOf),
      gradients: parameters.map(({ grad }) => (grad === null ? null : bitsOf(grad))),
      optimizer: Object.values(state).map((values) =>
        Object.entries(values).map(([name, value]) => [name, typeof value === 'number' ? value : bitsOf(value)]),
      ),
      statistics: Object.values(this.norm.stateDict()).map(bitsOf),
      steps: this.steps.item(),
      random: this.random,
    };
  }
}

/** int32 values on the executor in use. */
export const ints = (values: readonly number[]): Tensor => tensor([...values], { dtype: 'int32' });
