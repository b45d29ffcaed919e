/** Recurrent layers over sequences: RNN, LSTM, GRU, with PyTorch's parameters, names and order of gates. */
import { ArgumentError, refuse, ShapeError } from '../../bindings/errors.ts';
import { gateCount, type RecurrentKindName } from '../emit/recurrent.ts';
import { dropout } from '../ops/functional.ts';
import { cat, checkFloat, checkTensor, compose, indexSelect, select, stack, zeros } from '../ops/index.ts';
import { recurrent } from '../ops/recurrent.ts';
import { checkOptions, checkRange, checkWhole, FLAG, noMore, type OptionKinds, VALUE } from '../options.ts';
import { sameShape, show } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { optionTexts } from './describe.ts';
import { uniform_ } from './init.ts';
import { Module } from './module.ts';
import { type Parameter, parameterOf } from './parameter.ts';
import { checkPair, rnnKind } from './recurrentCells.ts';
import { type Lengths, lastSteps, lengthsTensor } from './sequenceLengths.ts';

/** Options of all recurrent layers. */
export interface RecurrentOptions {
  /** How many layers are stacked. Default 1. */
  numLayers?: number;
  /** Add two learned vectors to the gates. Default true. */
  bias?: boolean;
  /** The batch is the first dimension of input and output, the steps the second. Default false. */
  batchFirst?: boolean;
  /** In training, the share of each layer's outputs that becomes 0 on the way to the next layer. Default 0. */
  dropout?: number;
  /** A second set of weights reads the sequence from its end; the outputs of both are concatenated. Default false. */
  bidirectional?: boolean;
}

/** Options of a call of a recurrent layer. */
export interface SequenceOptions {
  /** How many steps each sequence of the batch has, in any order. Outputs after them are 0, final states are those of the last step. */
  lengths?: Lengths;
}

const KINDS: OptionKinds<RecurrentOptions> = {
  numLayers: VALUE,
  bias: FLAG,
  batchFirst: FLAG,
  dropout: VALUE,
  bidirectional: FLAG,
};

/** A tensor for each state of a list. */
type Finals<States extends readonly unknown[]> = { -readonly [I in keyof States]: Tensor };

/** What RNN, LSTM and GRU have in common. Each checks its own options. */
abstract class RecurrentBase extends Module {
  [weight: `weight_${string}`]: Parameter;
  [bias: `bias_${string}`]: Parameter;
  /** How many layers are stacked, ≥ 1. */
  readonly numLayers: number;
  /** Whether two learned vectors are added to the gates. */
  readonly bias: boolean;
  /** Whether the batch is the first dimension of input and output, the steps the second. */
  readonly batchFirst: boolean;
  /** Share of each layer's outputs, except the last's, that becomes 0 in training, 0 … 1. */
  readonly dropout: number;
  /** Whether a second set of weights reads the sequence from its end. */
  readonly bidirectional: boolean;

  protected constructor(
    private readonly op: string,
    private readonly kind: RecurrentKindName,
    /** Size of the input's last dimension, ≥ 1. */
    readonly inputSize: number,
    /** Size of a state, ≥ 1, and of the output's last dimension (twice, if bidirectional). */
    readonly hiddenSize: number,
    options: RecurrentOptions,
  ) {
    super();
    checkWhole(op, 'inputSize', inputSize, 1);
    checkWhole(op, 'hiddenSize', hiddenSize, 1);
    const { numLayers = 1, bias = true, batchFirst = false, dropout: rate = 0, bidirectional = false } = options;
    checkWhole(op, 'numLayers', numLayers, 1);
    checkRange(op, 'dropout', rate, 0, 1);
    this.numLayers = numLayers;
    this.bias = bias;
    this.batchFirst = batchFirst;
    this.dropout = rate;
    this.bidirectional = bidirectional;

    const bound = 1 / Math.sqrt(hiddenSize);
    const gates = gateCount(kind) * hiddenSize;
    const make = (...shape: number[]) => parameterOf(() => uniform_(zeros(shape), -bound, bound));
    for (let layer = 0; layer < numLayers; layer++) {
      for (const suffix of this.suffixes(layer)) {
        this.watch('parameter', `weight_ih_${suffix}`, `weight_hh_${suffix}`, `bias_ih_${suffix}`, `bias_hh_${suffix}`);
        this[`weight_ih_${suffix}`] = make(gates, layer === 0 ? inputSize : hiddenSize * this.directions);
        this[`weight_hh_${suffix}`] = make(gates, hiddenSize);
        if (!bias) continue;
        this[`bias_ih_${suffix}`] = make(gates);
        this[`bias_hh_${suffix}`] = make(gates);
      }
    }
  }

  private get directions(): number {
    return this.bidirectional ? 2 : 1;
  }

  /** Ends of the names of a layer's parameters, one per direction. */
  private suffixes(layer: number): string[] {
    return this.bidirectional ? [`l${layer}`, `l${layer}_reverse`] : [`l${layer}`];
  }

  /** Runs all layers and directions: gives the outputs, and a final state for each state given (h, or h and c). */
  protected sequence<States extends readonly (Tensor | null)[]>(
    input: Tensor,
    states: readonly [...States],
    options: SequenceOptions,
  ): [Tensor, Finals<States>] {
    checkOptions(this.op, options, { lengths: VALUE });
    this.checkInput(input);
    const single = input.ndim === 2;
    return compose(() => {
      const batched = single ? input.unsqueeze(1) : this.batchFirst ? input.transpose(0, 1) : input;
      const [steps = 0, batch = 0] = batched.shape;
      if (single && options.lengths !== undefined) {
        refuse(ArgumentError, this.op, `lengths are for batches, the input ${show(input.shape)} is one sequence`, {
          argument: 'lengths',
        });
      }
      const starts = states.map((state, i) => this.checkState(i === 0 ? 'h0' : 'c0', state, batch, single));
      const [h0 = null, c0 = null] = starts;
      const lengths =
        options.lengths === undefined ? null : lengthsTensor(this.op, options.lengths, steps, batch, input.executor);
      const hs: Tensor[] = [];
      const cs: Tensor[] = [];
      let x = batched;
      for (let layer = 0; layer < this.numLayers; layer++) {
        if (layer > 0) x = dropout(x, { p: this.dropout, training: this.training });
        const outs = this.suffixes(layer).map((suffix, direction) => {
          const at = layer * this.directions + direction;
          const { out, cell } = recurrent(this.kind, direction === 1, {
            x,
            wIh: this[`weight_ih_${suffix}`]!,
            wHh: this[`weight_hh_${suffix}`]!,
            biasIh: this.bias ? this[`bias_ih_${suffix}`]! : null,
            biasHh: this.bias ? this[`bias_hh_${suffix}`]! : null,
            h0: h0 && select(h0, 0, at),
            c0: c0 && select(c0, 0, at),
            lengths,
          });
          hs.push(lastOutput(out, direction === 1, lengths));
          if (cell !== null) cs.push(cell);
          return out;
        });
        x = outs.length === 1 ? outs[0]! : cat(outs, 2);
      }
      const out = single ? x.squeeze(1) : this.batchFirst ? x.transpose(0, 1) : x;
      const finals = [hs, cs].slice(0, states.length).map((list) => joined(list, single));
      return [out, finals as Finals<States>];
    });
  }

  private checkInput(input: Tensor): void {
    checkTensor(this.op, 'input', input);
    const order = this.batchFirst ? '[batch,steps,inputSize]' : '[steps,batch,inputSize]';
    if ((input.ndim !== 2 && input.ndim !== 3) || input.shape[input.ndim - 1] !== this.inputSize) {
      refuse(
        ShapeError,
        this.op,
        `input must be ${order} or [steps,inputSize] with inputSize ${this.inputSize}, got ${show(input.shape)}`,
        { argument: 'input', got: input.shape },
      );
    }
    checkFloat(this.op, 'input', input);
    if (input.shape[input.ndim === 3 && this.batchFirst ? 1 : 0] === 0) {
      refuse(ShapeError, this.op, `input ${show(input.shape)} has no steps`, { argument: 'input', got: input.shape });
    }
  }

  /** An initial state as [layers · directions, batch, hiddenSize], or null for zeros. */
  private checkState(name: string, state: Tensor | null, batch: number, single: boolean): Tensor | null {
    if (state === null) return null;
    checkTensor(this.op, name, state);
    const count = this.numLayers * this.directions;
    const expected = single ? [count, this.hiddenSize] : [count, batch, this.hiddenSize];
    if (!sameShape(state.shape, expected) || state.dtype !== 'float32') {
      refuse(
        ShapeError,
        this.op,
        `${name} must be ${show(expected)}, float32, got ${show(state.shape)}, ${state.dtype}`,
        { argument: name, got: state.shape, expected },
      );
    }
    return single ? state.unsqueeze(1) : state;
  }

  protected override describe(): string {
    const { numLayers, bias, batchFirst, dropout: rate, bidirectional } = this;
    const options = { numLayers, bias, batchFirst, dropout: rate, bidirectional };
    const defaults = { numLayers: 1, bias: true, batchFirst: false, dropout: 0, bidirectional: false };
    return [this.inputSize, this.hiddenSize, ...optionTexts(options, defaults)].join(', ');
  }
}

/** @internal The output of each row's last step: [batch, hiddenSize]. */
export function lastOutput(out: Tensor, reverse: boolean, lengths: Tensor | null): Tensor {
  if (reverse) return select(out, 0, 0);
  const [steps = 0, batch = 0, size = 0] = out.shape;
  if (lengths === null) return select(out, 0, steps - 1);
  return indexSelect(out.reshape([steps * batch, size]), 0, lastSteps(lengths, batch));
}

/** Final states of all layers and directions in one tensor. */
function joined(list: readonly Tensor[], single: boolean): Tensor {
  const all = list.length === 1 ? list[0]!.unsqueeze(0) : stack(list);
  return single ? all.squeeze(1) : all;
}

/** Options of `RNN`. */
export interface RNNOptions extends RecurrentOptions {
  /** The function applied to the sum. Default 'tanh'. */
  nonlinearity?: 'tanh' | 'relu';
}

/**
 * Elman's recurrent network: h_t = tanh(W_ih·x_t + b_ih + W_hh·h_{t−1} + b_hh), or with relu.
 *
 * Input [steps, batch, inputSize] (`batchFirst`: [batch, steps, inputSize]; or [steps, inputSize] without a batch), initial state
 * [numLayers · directions, batch, hiddenSize] or zeros. Gives the last layer's outputs [steps, batch, directions · hiddenSize] and the
 * final states of all layers, in the shape of the initial ones. Parameters start uniform in ±1/√hiddenSize.
 *
 * The gradient is fused: it cannot be differentiated again. RNNCell's can.
 *
 * @throws ShapeError where the sizes do not fit, ArgumentError where lengths are not whole numbers of steps
 * @see https://pytorch.org/docs/stable/generated/torch.nn.RNN.html
 * @example
 * const rnn = new nn.RNN(8, 16, { nonlinearity: 'relu' });
 * const [out, h] = rnn.forward(randn(5, 2, 8)); // [5, 2, 16], [1, 2, 16]
 */
export class RNN extends RecurrentBase {
  /** @internal */ static override name = 'RNN';

  /** The function applied to the sum. Default 'tanh'. */
  readonly nonlinearity: 'tanh' | 'relu';

  constructor(inputSize: number, hiddenSize: number, options: RNNOptions = {}) {
    if (arguments.length > 3) noMore('RNN', 3, arguments);
    checkOptions('RNN', options, { ...KINDS, nonlinearity: VALUE });
    const { nonlinearity = 'tanh' } = options;
    super('RNN', rnnKind('RNN', nonlinearity), inputSize, hiddenSize, options);
    this.nonlinearity = nonlinearity;
  }

  override forward(input: Tensor, h0: Tensor | null = null, options: SequenceOptions = {}): [Tensor, Tensor] {
    if (arguments.length > 3) noMore('RNN.forward', 3, arguments);
    const [out, [h]] = this.sequence(input, [h0], options);
    return [out, h];
  }
}

/**
 * Long short-term memory. With [i f g o] = W_ih·x_t + b_ih + W_hh·h_{t−1} + b_hh and σ the sigmoid:
 * c_t = σ(f)·c_{t−1} + σ(i)·tanh(g), h_t = σ(o)·tanh(c_t). Shapes as those of RNN, with two states, h and c.
 *
 * The gradient is fused: it cannot be differentiated again. LSTMCell's can.
 *
 * @throws ShapeError where the sizes do not fit, ArgumentError where lengths are not whole numbers of steps
 * @see https://pytorch.org/docs/stable/generated/torch.nn.LSTM.html
 * @see https://doi.org/10.1162/neco.1997.9.8.1735
 * @example
 * const lstm = new nn.LSTM(8, 16, { batchFirst: true });
 * const [out, [h, c]] = lstm.forward(randn(2, 5, 8), undefined, { lengths: [5, 3] });
 * out.shape; // [2, 5, 16]
 */
export class LSTM extends RecurrentBase {
  /** @internal */ static override name = 'LSTM';

  constructor(inputSize: number, hiddenSize: number, options: RecurrentOptions = {}) {
    if (arguments.length > 3) noMore('LSTM', 3, arguments);
    checkOptions('LSTM', options, KINDS);
    super('LSTM', 'lstm', inputSize, hiddenSize, options);
  }

  override forward(
    input: Tensor,
    states: readonly [h0: Tensor, c0: Tensor] | null = null,
    options: SequenceOptions = {},
  ): [Tensor, [Tensor, Tensor]] {
    if (arguments.length > 3) noMore('LSTM.forward', 3, arguments);
    checkPair('LSTM', states);
    const [h0, c0] = states ?? [null, null];
    return this.sequence(input, [h0, c0], options);
  }
}

/**
 * Gated recurrent units. With [r z n] = W_ih·x_t + b_ih, [r' z' n'] = W_hh·h_{t−1} + b_hh and σ the sigmoid:
 * ρ = σ(r + r'), ζ = σ(z + z'), ν = tanh(n + ρ·n'), h_t = (1 − ζ)·ν + ζ·h_{t−1}. Shapes as those of RNN.
 *
 * The gradient is fused: it cannot be differentiated again. GRUCell's can.
 *
 * @throws ShapeError where the sizes do not fit, ArgumentError where lengths are not whole numbers of steps
 * @see https://pytorch.org/docs/stable/generated/torch.nn.GRU.html
 * @see https://arxiv.org/abs/1406.1078
 * @example
 * const gru = new nn.GRU(8, 16, { numLayers: 2, bidirectional: true });
 * const [out, h] = gru.forward(randn(5, 2, 8)); // [5, 2, 32], [4, 2, 16]
 */
export class GRU extends RecurrentBase {
  /** @internal */ static override name = 'GRU';

  constructor(inputSize: number, hiddenSize: number, options: RecurrentOptions = {}) {
    if (arguments.length > 3) noMore('GRU', 3, arguments);
    checkOptions('GRU', options, KINDS);
    super('GRU', 'gru', inputSize, hiddenSize, options);
  }

  override forward(input: Tensor, h0: Tensor | null = null, options: SequenceOptions = {}): [Tensor, Tensor] {
    if (arguments.length > 3) noMore('GRU.forward', 3, arguments);
    const [out, [h]] = this.sequence(input, [h0], options);
    return [out, h];
  }
}
