/** Commands of recurrent layers: a layer's whole sequence, in one direction, is one command, and so is its gradient. */
import type { Costs } from './cost.ts';
import type { CommandRows } from './kinds.ts';

/** Kinds of recurrent layers; see the opcode `recurrent`. */
export const recurrentKinds = ['rnnTanh', 'rnnRelu', 'lstm', 'gru'] as const;

export const recurrentCommands = {
  /**
   * y = x [k, n] in panels: strips of 8 columns, each [k, 8]; the last strip has 4 columns where 4 are enough for the rest, padded
   * with zeros. x[p, j] is at x + p·along + j·across. y has k·⌈n/4⌉·4 elements. A matrix product reads panels fastest.
   */
  pack: { x: 'in', y: 'out', k: 'u32', n: 'u32', across: 'i32', along: 'i32' },
  /**
   * All steps of one recurrent layer in one direction. With a_t = W_ih·x_t + b_ih and r_t = W_hh·h_{t−1} + b_hh, σ the sigmoid:
   *   rnn   h_t = tanh(a + r), or relu
   *   lstm  [i f g o] = a + r;  c_t = σ(f)·c_{t−1} + σ(i)·tanh(g);  h_t = σ(o)·tanh(c_t)
   *   gru   [r z n] = a, [r' z' n'] = r_t;  ρ = σ(r + r'), ζ = σ(z + z'), ν = tanh(n + ρ·n');  h_t = ν + ζ·(h_{t−1} − ν)
   * x [steps, batch, inputSize], out [steps, batch, hiddenSize]. reverse 1: the steps run from the last to the first.
   * lengths [batch] int32, 1 … steps (0: all are `steps`): a row beyond its length keeps its state, and its out is 0.
   * h0, c0 [batch, hiddenSize] (0: zeros). biasIh and biasHh: both there or both 0. cLast [batch, hiddenSize]: the last c (only lstm).
   * Kept for the gradient, one block a step, `gatesStep` and `stateStep` elements apart (0: all steps use one block, nothing is kept):
   *   hidden, cells [batch, hiddenSize]: h and c before the step (cells: only lstm)
   *   gates [batch, …]: rnn [h], lstm [σ(i) σ(f) tanh(g) σ(o)], gru [ρ ζ ν n'], each of hiddenSize; undefined beyond the lengths.
   * hidden may be the same memory as out, shifted by one step: hidden[t] = out[t − 1] where the steps run forward.
   * packed 1: wIh and wHh are in panels of `pack`, k × n with n the gates and k inputSize or hiddenSize; wHh of the gru is two such
   * blocks, of 2·hiddenSize columns and of hiddenSize. packed 0: they are as PyTorch has them, [n, k].
   */
  recurrent: {
    kind: 'u32',
    reverse: 'u32',
    packed: 'u32',
    x: 'in',
    wIh: 'in',
    wHh: 'in',
    biasIh: 'in',
    biasHh: 'in',
    h0: 'in',
    c0: 'in',
    lengths: 'in',
    out: 'out',
    hidden: 'out',
    cells: 'out',
    cLast: 'out',
    gates: 'out',
    scratch: 'scratch',
    steps: 'u32',
    batch: 'u32',
    inputSize: 'u32',
    hiddenSize: 'u32',
    gatesStep: 'u32',
    stateStep: 'u32',
    tile: 'tile',
  },
  /**
   * The gradient of the above from what it kept. gOut [steps, batch, hiddenSize] and gCell [batch, hiddenSize] are the gradients of out and
   * of cLast (0: zeros). gGates gets the gradient of a_t, [steps, batch, gates]; it is also that of r_t, except in the gru's third
   * block, whose gradient of r_t goes to gHidden [steps, batch, hiddenSize]. 0 beyond the lengths. dH and dC get the gradients of h0 and c0.
   * wHh is [gates, hiddenSize]; packed 1: in panels, k the gates and n hiddenSize, those of the gru in two blocks with k
   * 2·hiddenSize and hiddenSize. hidden is read only for the gru; only the lstm has cells, gCell and dC.
   */
  recurrentGrad: {
    kind: 'u32',
    reverse: 'u32',
    packed: 'u32',
    wHh: 'in',
    gates: 'in',
    hidden: 'in',
    cells: 'in',
    lengths: 'in',
    gOut: 'in',
    gCell: 'in',
    gGates: 'out',
    gHidden: 'out',
    dH: 'out',
    dC: 'out',
    scratch: 'scratch',
    steps: 'u32',
    batch: 'u32',
    hiddenSize: 'u32',
    tile: 'tile',
  },
} as const satisfies CommandRows;

// Texts as they are, without templates: bundlers leave these rows out, which only the build reads.
const gates = '(kind == RecurrentKind.lstm ? 4 : kind == RecurrentKind.gru ? 3 : 1) * hiddenSize';
const allGates = 'steps * batch * (kind == RecurrentKind.lstm ? 4 : kind == RecurrentKind.gru ? 3 : 1) * hiddenSize';
/** One shader per step besides its product, and those of the inputs. */
const launches = 'steps + 3';

export const recurrentCosts: Costs<typeof recurrentCommands> = {
  pack: { shared: 'k * n' },
  recurrent: {
    elements: allGates,
    work: 'elements * 4',
    products: [
      { m: 'steps * batch', n: gates, k: 'inputSize' },
      { m: 'batch', n: gates, k: 'hiddenSize', count: 'steps' },
    ],
    launches,
  },
  recurrentGrad: {
    elements: allGates,
    work: 'elements * 2',
    products: [{ m: 'batch', n: 'hiddenSize', k: gates, count: 'steps' }],
    launches,
  },
};
