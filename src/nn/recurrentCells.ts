/**
 * Single steps of recurrent layers. They are made of differentiable operations, so their gradients can be differentiated again;
 * where no gradient is needed, a step is one fused command.
 */
import { ArgumentError, refuse, ShapeError } from '../../bindings/errors.ts';
import { gateCount, type RecurrentKindName } from '../emit/recurrent.ts';
import { checkTensor, compose, constant, linear, zeros } from '../ops/index.ts';
import { recurrent } from '../ops/recurrent.ts';
import { checkOneOf, checkOptions, checkWhole, FLAG, noMore, VALUE } from '../options.ts';
import { needsGrad } from '../tape/record.ts';
import { sameShape, show } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { uniform_ } from './init.ts';
import { Module } from './module.ts';
import { type Parameter, parameterOf } from './parameter.ts';

/** Options of all cells. */
export interface CellOptions {
  /** Add two learned vectors to the gates. Default true. */
  bias?: boolean;
}

/** What RNNCell, LSTMCell and GRUCell have in common. Each checks its own options. */
abstract class CellBase extends Module {
  /** Weights of the input, [gates·hiddenSize, inputSize]: gates 1 (RNN), 4 (LSTM: i, f, g, o), 3 (GRU: r, z, n). */
  declare weight_ih: Parameter;
  /** Weights of the state, [gates·hiddenSize, hiddenSize]. */
  declare weight_hh: Parameter;
  /** Bias of the input's product, [gates·hiddenSize]; null without bias. */
  declare bias_ih: Parameter | null;
  /** Bias of the state's product, [gates·hiddenSize]; null without bias. */
  declare bias_hh: Parameter | null;

  protected constructor(
    private readonly op: string,
    private readonly kind: RecurrentKindName,
    /** Size of the input's last dimension, ≥ 1. */
    readonly inputSize: number,
    /** Size of a state, ≥ 1. */
    readonly hiddenSize: number,
    options: CellOptions,
  ) {
    super();
    checkWhole(op, 'inputSize', inputSize, 1);
    checkWhole(op, 'hiddenSize', hiddenSize, 1);
    const bound = 1 / Math.sqrt(hiddenSize);
    const gates = gateCount(kind) * hiddenSize;
    const make = (...shape: number[]) => parameterOf(() => uniform_(zeros(shape), -bound, bound));
    const bias = options.bias ?? true;
    this.watch('parameter', 'weight_ih', 'weight_hh', 'bias_ih', 'bias_hh');
    this.weight_ih = make(gates, inputSize);
    this.weight_hh = make(gates, hiddenSize);
    this.bias_ih = bias ? make(gates) : null;
    this.bias_hh = bias ? make(gates) : null;
  }

  /** The new states for an input [batch, inputSize] or [inputSize] and the states; null means zeros. */
  protected step<States extends readonly (Tensor | null)[]>(
    input: Tensor,
    states: readonly [...States],
  ): { -readonly [I in keyof States]: Tensor } {
    const { op } = this;
    checkTensor(op, 'input', input);
    if ((input.ndim !== 1 && input.ndim !== 2) || input.shape[input.ndim - 1] !== this.inputSize) {
      refuse(
        ShapeError,
        op,
        `input must be [batch,${this.inputSize}] or [${this.inputSize}], got ${show(input.shape)}`,
        { argument: 'input', got: input.shape },
      );
    }
    const shape = [...input.shape.slice(0, -1), this.hiddenSize];
    for (const [i, state] of states.entries()) {
      if (state === null) continue;
      const argument = i === 0 ? 'h' : 'c';
      checkTensor(op, argument, state);
      if (!sameShape(state.shape, shape)) {
        refuse(ShapeError, op, `${argument} must be ${show(shape)}, got ${show(state.shape)}`, {
          argument,
          got: state.shape,
          expected: shape,
        });
      }
    }
    const next = compose(() => {
      const rows = (x: Tensor) => (x.ndim === 1 ? x.unsqueeze(0) : x);
      const [h = null, c = null] = states.map((state) => (state === null ? null : rows(state)));
      const made = this.isFused([input, ...states]) ? this.fused(rows(input), h, c) : this.composed(rows(input), h, c);
      return input.ndim === 1 ? made.map((state) => state.squeeze(0)) : made;
    });
    return next as { -readonly [I in keyof States]: Tensor };
  }

  private isFused(given: readonly (Tensor | null)[]): boolean {
    return !needsGrad([...given, ...this.parameters()].filter((tensor) => tensor !== null));
  }

  private fused(x: Tensor, h: Tensor | null, c: Tensor | null): Tensor[] {
    const { out, cell } = recurrent(this.kind, false, {
      x: x.unsqueeze(0),
      wIh: this.weight_ih,
      wHh: this.weight_hh,
      biasIh: this.bias_ih,
      biasHh: this.bias_hh,
      h0: h,
      c0: c,
      lengths: null,
    });
    return cell === null ? [out.squeeze(0)] : [out.squeeze(0), cell];
  }

  private composed(x: Tensor, given: Tensor | null, cell: Tensor | null): Tensor[] {
    const size = this.hiddenSize;
    const [batch = 0] = x.shape;
    const none = () => constant(x.executor, [batch, size], 0);
    const h = given ?? none();
    const fromInput = linear(x, this.weight_ih, this.bias_ih);
    const fromState = linear(h, this.weight_hh, this.bias_hh);
    const gate = (all: Tensor, i: number) => all.slice(1, i * size, (i + 1) * size);
    if (this.kind === 'lstm') {
      const all = fromInput.add(fromState);
      const [i, f, g, o] = [gate(all, 0), gate(all, 1), gate(all, 2), gate(all, 3)];
      const c = f
        .sigmoid()
        .mul(cell ?? none())
        .add(i.sigmoid().mul(g.tanh()));
      return [o.sigmoid().mul(c.tanh()), c];
    }
    if (this.kind === 'gru') {
      const r = gate(fromInput, 0).add(gate(fromState, 0)).sigmoid();
      const z = gate(fromInput, 1).add(gate(fromState, 1)).sigmoid();
      const n = gate(fromInput, 2)
        .add(r.mul(gate(fromState, 2)))
        .tanh();
      return [n.add(z.mul(h.sub(n)))];
    }
    const sum = fromInput.add(fromState);
    return [this.kind === 'rnnTanh' ? sum.tanh() : sum.relu()];
  }

  protected override describe(): string {
    return `${this.inputSize}, ${this.hiddenSize}${this.bias_ih === null ? ', bias: false' : ''}`;
  }
}

/** The name of the kernel of an RNN with this nonlinearity. */
export function rnnKind(op: string, nonlinearity: string): 'rnnTanh' | 'rnnRelu' {
  checkOneOf(op, 'nonlinearity', nonlinearity, ['tanh', 'relu']);
  return nonlinearity === 'tanh' ? 'rnnTanh' : 'rnnRelu';
}

/** Options of `RNNCell`. */
export interface RNNCellOptions extends CellOptions {
  /** The function applied to the sum. Default 'tanh'. */
  nonlinearity?: 'tanh' | 'relu';
}

/**
 * One step of RNN: input [batch, inputSize], h [batch, hiddenSize] or zeros, gives the new h. Also without a batch.
 *
 * @throws ShapeError where the sizes do not fit
 * @see https://pytorch.org/docs/stable/generated/torch.nn.RNNCell.html
 * @example
 * const cell = new nn.RNNCell(8, 16);
 * let h = zeros(2, 16);
 * for (let step = 0; step < 5; step++) h = cell.forward(randn(2, 8), h);
 */
export class RNNCell extends CellBase {
  /** @internal */ static override name = 'RNNCell';

  /** The function applied to the sum. Default 'tanh'. */
  readonly nonlinearity: 'tanh' | 'relu';

  constructor(inputSize: number, hiddenSize: number, options: RNNCellOptions = {}) {
    if (arguments.length > 3) noMore('RNNCell', 3, arguments);
    checkOptions('RNNCell', options, { bias: FLAG, nonlinearity: VALUE });
    const { nonlinearity = 'tanh' } = options;
    super('RNNCell', rnnKind('RNNCell', nonlinearity), inputSize, hiddenSize, options);
    this.nonlinearity = nonlinearity;
  }

  override forward(input: Tensor, h: Tensor | null = null): Tensor {
    if (arguments.length > 2) noMore('RNNCell.forward', 2, arguments);
    return this.step(input, [h])[0];
  }
}

/**
 * One step of LSTM: input [batch, inputSize], states [h, c], each [batch, hiddenSize], or zeros; gives the new [h, c].
 *
 * @throws ShapeError where the sizes do not fit, ArgumentError where the states are not a pair
 * @see https://pytorch.org/docs/stable/generated/torch.nn.LSTMCell.html
 * @example
 * const cell = new nn.LSTMCell(8, 16);
 * let state = cell.forward(randn(2, 8));
 * state = cell.forward(randn(2, 8), state);
 */
export class LSTMCell extends CellBase {
  /** @internal */ static override name = 'LSTMCell';

  constructor(inputSize: number, hiddenSize: number, options: CellOptions = {}) {
    if (arguments.length > 3) noMore('LSTMCell', 3, arguments);
    checkOptions('LSTMCell', options, { bias: FLAG });
    super('LSTMCell', 'lstm', inputSize, hiddenSize, options);
  }

  override forward(input: Tensor, states: readonly [h: Tensor, c: Tensor] | null = null): [Tensor, Tensor] {
    if (arguments.length > 2) noMore('LSTMCell.forward', 2, arguments);
    checkPair('LSTMCell', states);
    const [h, c] = states ?? [null, null];
    return this.step(input, [h, c]);
  }
}

/** Refuses states that are not a pair. */
export function checkPair(op: string, states: unknown): void {
  if (states !== null && !(Array.isArray(states) && states.length === 2)) {
    refuse(ArgumentError, op, 'the states must be two tensors, [h, c]', { argument: 'states', got: states });
  }
}

/**
 * One step of GRU: input [batch, inputSize], h [batch, hiddenSize] or zeros, gives the new h.
 *
 * @throws ShapeError where the sizes do not fit
 * @see https://pytorch.org/docs/stable/generated/torch.nn.GRUCell.html
 * @example
 * const cell = new nn.GRUCell(8, 16);
 * let h = zeros(2, 16);
 * for (let step = 0; step < 5; step++) h = cell.forward(randn(2, 8), h);
 */
export class GRUCell extends CellBase {
  /** @internal */ static override name = 'GRUCell';

  constructor(inputSize: number, hiddenSize: number, options: CellOptions = {}) {
    if (arguments.length > 3) noMore('GRUCell', 3, arguments);
    checkOptions('GRUCell', options, { bias: FLAG });
    super('GRUCell', 'gru', inputSize, hiddenSize, options);
  }

  override forward(input: Tensor, h: Tensor | null = null): Tensor {
    if (arguments.length > 2) noMore('GRUCell.forward', 2, arguments);
    return this.step(input, [h])[0];
  }
}
