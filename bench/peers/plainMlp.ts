/**
 * A fully connected network with SGD or Adam, in plain loops on doubles: the oracle of the training suites, and their
 * plain JavaScript contender. It knows nothing of any library.
 */
import type { Activation, TrainProblem } from './types.ts';

interface Layer {
  inputs: number;
  outputs: number;
  weight: Float64Array;
  bias: Float64Array;
  activation: Activation | undefined;
  /** The activated outputs of the batch, and the gradient at them. */
  out: Float64Array;
  grad: Float64Array;
  /** Gradients of weight and bias, and Adam's running means of them and of their squares. */
  weightUpdate: Update;
  biasUpdate: Update;
}

interface Update {
  gradient: Float64Array;
  mean: Float64Array;
  square: Float64Array;
}

const updateOf = (size: number): Update => ({
  gradient: new Float64Array(size),
  mean: new Float64Array(size),
  square: new Float64Array(size),
});

/** Adam's defaults in PyTorch. */
const [BETA1, BETA2, EPSILON] = [0.9, 0.999, 1e-8];

function activate(value: number, activation: Activation | undefined): number {
  switch (activation) {
    case 'relu':
      return Math.max(0, value);
    case 'sigmoid':
      return 1 / (1 + Math.exp(-value));
    case 'tanh':
      return Math.tanh(value);
    default:
      return value;
  }
}

/** The activation's derivative, from its output. */
function slope(out: number, activation: Activation | undefined): number {
  switch (activation) {
    case 'relu':
      return out > 0 ? 1 : 0;
    case 'sigmoid':
      return out * (1 - out);
    case 'tanh':
      return 1 - out * out;
    default:
      return 1;
  }
}

export class PlainMlp {
  private readonly layers: Layer[];
  private readonly x: Float64Array;
  private readonly problem: TrainProblem;
  private steps = 0;

  constructor(problem: TrainProblem) {
    this.problem = problem;
    this.x = Float64Array.from(problem.x);
    this.layers = problem.layers.map(({ inputs, outputs, weight, bias, activation }) => ({
      inputs,
      outputs,
      weight: Float64Array.from(weight),
      bias: Float64Array.from(bias),
      activation,
      out: new Float64Array(problem.batch * outputs),
      grad: new Float64Array(problem.batch * outputs),
      weightUpdate: updateOf(inputs * outputs),
      biasUpdate: updateOf(outputs),
    }));
  }

  /** One step: returns the loss before the update. */
  step(): number {
    const { layers } = this;
    this.steps++;
    for (let i = 0; i < layers.length; i++) this.forward(layers[i]!, i === 0 ? this.x : layers[i - 1]!.out);
    const loss = this.lossAndGradient(layers.at(-1)!);
    for (let i = layers.length - 1; i >= 0; i--) this.backward(layers[i]!, layers[i - 1]);
    return loss;
  }

  private forward({ inputs, outputs, weight, bias, activation, out }: Layer, x: Float64Array): void {
    for (let row = 0; row < this.problem.batch; row++) {
      for (let o = 0; o < outputs; o++) {
        let sum = bias[o]!;
        for (let i = 0; i < inputs; i++) sum += x[row * inputs + i]! * weight[o * inputs + i]!;
        out[row * outputs + o] = activate(sum, activation);
      }
    }
  }

  private lossAndGradient({ out, grad, outputs }: Layer): number {
    const { batch, loss } = this.problem;
    let total = 0;
    if (loss.kind === 'mse') {
      for (let i = 0; i < out.length; i++) {
        const error = out[i]! - loss.targets[i]!;
        total += error * error;
        grad[i] = (2 * error) / out.length;
      }
      return total / out.length;
    }
    for (let row = 0; row < batch; row++) {
      const logits = out.subarray(row * outputs, (row + 1) * outputs);
      const largest = Math.max(...logits);
      let sum = 0;
      for (let i = 0; i < outputs; i++) sum += Math.exp(logits[i]! - largest);
      const label = loss.labels[row]!;
      total += Math.log(sum) + largest - logits[label]!;
      for (let i = 0; i < outputs; i++) {
        grad[row * outputs + i] = (Math.exp(logits[i]! - largest) / sum - (i === label ? 1 : 0)) / batch;
      }
    }
    return total / batch;
  }

  /** Gives `below` its gradient, then updates this layer. */
  private backward(layer: Layer, below: Layer | undefined): void {
    const { inputs, outputs, weight, bias, out, grad, activation } = layer;
    const { batch } = this.problem;
    const x = below?.out ?? this.x;
    for (let i = 0; i < grad.length; i++) grad[i]! *= slope(out[i]!, activation);
    if (below !== undefined) {
      below.grad.fill(0);
      for (let row = 0; row < batch; row++) {
        for (let o = 0; o < outputs; o++) {
          const g = grad[row * outputs + o]!;
          for (let i = 0; i < inputs; i++) below.grad[row * inputs + i]! += g * weight[o * inputs + i]!;
        }
      }
    }
    const { gradient: dw } = layer.weightUpdate;
    const { gradient: db } = layer.biasUpdate;
    dw.fill(0);
    db.fill(0);
    for (let row = 0; row < batch; row++) {
      for (let o = 0; o < outputs; o++) {
        const g = grad[row * outputs + o]!;
        db[o]! += g;
        for (let i = 0; i < inputs; i++) dw[o * inputs + i]! += g * x[row * inputs + i]!;
      }
    }
    this.update(weight, layer.weightUpdate);
    this.update(bias, layer.biasUpdate);
  }

  private update(values: Float64Array, { gradient, mean, square }: Update): void {
    const { lr, optimizer = 'sgd' } = this.problem;
    if (optimizer === 'sgd') {
      for (let i = 0; i < values.length; i++) values[i]! -= lr * gradient[i]!;
      return;
    }
    const rate = lr / (1 - BETA1 ** this.steps);
    const spread = Math.sqrt(1 - BETA2 ** this.steps);
    for (let i = 0; i < values.length; i++) {
      const g = gradient[i]!;
      mean[i] = BETA1 * mean[i]! + (1 - BETA1) * g;
      square[i] = BETA2 * square[i]! + (1 - BETA2) * g * g;
      values[i]! -= (rate * mean[i]!) / (Math.sqrt(square[i]!) / spread + EPSILON);
    }
  }
}
