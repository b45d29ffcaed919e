/**
 * The command table: every opcode of a program, its fields in order, and the element functions that some opcodes take.
 * It is the only place where a command's layout is written. The build makes the TypeScript encoders
 * (bindings/generated/encode.ts) and the AssemblyScript structs (assembly/generated/commands.ts) from it.
 *
 * A command is a run of 32-bit words: word 0 the opcode, word 1 its length in words, then the fields in table order.
 *
 * Field kinds:
 * - `in`, `out`, `inout`: an operand. Its word is the element index (4-byte elements) of the operand's first element in
 *   the executor's heap. 0 means "absent", where the comment allows it.
 * - `scratch`: the executor's scratch block, filled in by the executor; its contents do not outlive the command.
 * - `tile`: the GEMM tile that the executor has chosen for this engine, filled in by it too.
 * - `u32`, `i32`, `f32`: a scalar.  `bits`: a 32-bit pattern, read as f32 or as i32 after the opcode's own rule.
 * - `dims`: six i32 words, one a dimension, outermost first; unused ones at the end are not read.
 *
 * All elements are 4 bytes wide: float32, int32, and bool as int32 0 or 1. Sizes count elements, strides too.
 * Tensors are contiguous and row-major where no strides are given. Where nothing else is said an output may be the
 * same memory as an input (fully, at the same address), never overlap it partly.
 */
import { convCommands } from './conv.ts';
import { indexCommands } from './index.ts';
import type { FieldKind } from './kinds.ts';
import { MAX_DIMS } from './limits.ts';
import { normCommands } from './norm.ts';
import { optimCommands } from './optim.ts';
import { poolCommands } from './pool.ts';
import { quantizedCommands } from './quantized.ts';
import { recurrentCommands } from './recurrent.ts';
import { resizeCommands } from './resize.ts';
import { winogradCommands } from './winograd.ts';

export { unaryFns } from './unary.ts';

/**
 * Functions of two elements. Comparisons give 0 or 1 as int32. maximum and minimum give NaN if either is NaN.
 * pow is C's powf (a negative base with an integer exponent has a sign). atan2 is not among them.
 * geluGrad, geluTanhGrad and siluGrad take the function's input x, and give g·fn′(x). powI by squaring; 0 where |1/a| < 1 and b < 0.
 * divI loses the fraction, remI has the dividend's sign; both are 0 where b is.
 * reluGrad(y, g) = y ≤ 0 ? 0 : g;  sigmoidGrad(y, g) = g·y·(1−y);  tanhGrad(y, g) = g·(1−y²). Those ending in `I` take int32 and wrap.
 */
export const binaryFns = [
  'add',
  'sub',
  'mul',
  'div',
  'pow',
  'maximum',
  'minimum',
  'eq',
  'ne',
  'gt',
  'ge',
  'lt',
  'le',
  'reluGrad',
  'sigmoidGrad',
  'tanhGrad',
  'addI',
  'subI',
  'mulI',
  'maximumI',
  'minimumI',
  'eqI',
  'neI',
  'gtI',
  'geI',
  'ltI',
  'leI',
  'powI',
  'divI',
  'remI',
  'geluGrad',
  'geluTanhGrad',
  'siluGrad',
] as const;

/** Reductions. max and min give NaN if any element is NaN. Empty: sum 0, prod 1, max −∞ (INT_MIN), min +∞ (INT_MAX). */
export const reduceFns = ['sum', 'prod', 'max', 'min', 'sumI', 'prodI', 'maxI', 'minI'] as const;

/** Index of the extreme element: the first one wins; the first NaN wins over all. Those ending in `I` take int32. */
export const argReduceFns = ['max', 'min', 'maxI', 'minI'] as const;

/** Activations that gemm's epilogue applies. */
export const activations = ['none', 'relu', 'sigmoid', 'tanh'] as const;

/**
 * Kinds of random numbers; see the opcode `random`. Element i takes word i mod 4 of the Philox4x32-10 block number
 * counter + offset + ⌊i/4⌋ (64-bit counter in the two low words, 0 in the two high ones).
 * uniform: p0 + (p1 − p0)·u, u = (word >>> 8)·2⁻²⁴.  bernoulli: u < p0 ? p1 : 0.
 * normal: p0 + p1·z by Box and Muller on the pairs (w0, w1) and (w2, w3): r = √(−2 ln(1 − u0)), even z = r·cos(2π·u1), odd z = r·sin(2π·u1).
 * integers: int32 p0 + word mod (p1 − p0), p0 and p1 read as int32 bits.
 */
export const randomFns = ['uniform', 'normal', 'bernoulli', 'integers'] as const;

export const commands = {
  /** y = x, element by element, through strides (negative and 0 allowed for x). Copies bits: any type. */
  copy: { x: 'in', y: 'out', ndim: 'u32', shape: 'dims', xStrides: 'dims', yStrides: 'dims' },
  /** y[i] = value; `value` is an i32 if integer is 1, else an f32. */
  fill: { y: 'out', n: 'u32', value: 'bits', integer: 'u32' },
  /** y[i] = fn(x[i]). */
  unary: { fn: 'u32', x: 'in', y: 'out', n: 'u32', p0: 'bits', p1: 'bits' },
  /** y = fn(a, b), y contiguous. An operand at address 0 is the scalar. Stride 0 broadcasts. */
  binary: {
    fn: 'u32',
    a: 'in',
    b: 'in',
    y: 'out',
    scalar: 'bits',
    ndim: 'u32',
    shape: 'dims',
    aStrides: 'dims',
    bStrides: 'dims',
  },
  /** y = condition ≠ 0 ? a : b, y contiguous, condition int32. Any type. Stride 0 broadcasts. */
  where: {
    condition: 'in',
    a: 'in',
    b: 'in',
    y: 'out',
    ndim: 'u32',
    shape: 'dims',
    conditionStrides: 'dims',
    aStrides: 'dims',
    bStrides: 'dims',
  },
  /** y[o, i] = scale · fn over r of x[o, r, i]; scale applies to the float sum alone. x may not be y. */
  reduce: { fn: 'u32', x: 'in', y: 'out', scratch: 'scratch', outer: 'u32', size: 'u32', inner: 'u32', scale: 'f32' },
  /** indices[o, i] = the r where x[o, r, i] is extreme; values (0: none) gets that element. size ≥ 1. */
  argReduce: { fn: 'u32', x: 'in', values: 'out', indices: 'out', outer: 'u32', size: 'u32', inner: 'u32' },
  /** y[o, r, i] = Σ over s ≤ r of x[o, s, i]; reverse 1: s ≥ r. integer 1: int32. */
  cumsum: { x: 'in', y: 'out', outer: 'u32', size: 'u32', inner: 'u32', reverse: 'u32', integer: 'u32' },
  /** Row by row: y = softmax(x), or log 1: y = x − max − ln Σ exp(x − max). */
  softmax: { x: 'in', y: 'out', rows: 'u32', cols: 'u32', log: 'u32' },
  /** From the output y and its gradient g. gx = y·(g − Σ g·y), or log 1: gx = g − exp(y)·Σ g. */
  softmaxGrad: { y: 'in', g: 'in', gx: 'out', rows: 'u32', cols: 'u32', log: 'u32' },
  /**
   * Cross-entropy of logits x [rows, cols] with class indices target [rows] (int32, in range or equal to ignoreIndex), PyTorch's definition:
   * row loss = (1−s)·w[t]·(lse − x[t]) + s/cols·Σ_c w[c]·(lse − x[c]), s = smoothing, w = weight (0: ones); 0 for ignored rows.
   * lse [rows] = ln Σ exp(x). norm [1] = Σ over rows not ignored of w[t]. loss: reduction 0 → [rows]; 1 → [1], Σ/norm; 2 → [1], Σ.
   * All outputs are distinct memory.
   */
  crossEntropy: {
    x: 'in',
    target: 'in',
    weight: 'in',
    loss: 'out',
    lse: 'out',
    norm: 'out',
    scratch: 'scratch',
    rows: 'u32',
    cols: 'u32',
    reduction: 'u32',
    ignoreIndex: 'i32',
    smoothing: 'f32',
  },
  /** gx [rows, cols] = gradient of the above; g is [rows] for reduction 0, else [1]. */
  crossEntropyGrad: {
    x: 'in',
    target: 'in',
    weight: 'in',
    lse: 'in',
    norm: 'in',
    g: 'in',
    gx: 'out',
    rows: 'u32',
    cols: 'u32',
    reduction: 'u32',
    ignoreIndex: 'i32',
    smoothing: 'f32',
  },
  /**
   * C = activation(alpha·A·B + beta·C + bias), batch times. A[i, p] is at a + i·aRow + p·aCol, and so on; C's columns are adjacent.
   * beta 0 does not read C. bias (0: none) has n elements and is the same for all batches. k 0: A·B is 0. C overlaps no input.
   */
  gemm: {
    a: 'in',
    b: 'in',
    c: 'inout',
    bias: 'in',
    scratch: 'scratch',
    batch: 'u32',
    m: 'u32',
    n: 'u32',
    k: 'u32',
    aRow: 'i32',
    aCol: 'i32',
    aBatch: 'i32',
    bRow: 'i32',
    bCol: 'i32',
    bBatch: 'i32',
    cRow: 'i32',
    cBatch: 'i32',
    alpha: 'f32',
    beta: 'f32',
    activation: 'u32',
    tile: 'tile',
  },
  /** y[o, j, i] = x[o, index[j], i], index [count] int32; one outside of 0 ≤ index < size counts as the last. Any type. x may not be y. */
  takeRows: { x: 'in', index: 'in', y: 'out', outer: 'u32', size: 'u32', count: 'u32', inner: 'u32' },
  /**
   * y[o, index[j], i] += g[o, j, i] in order of j, float32; g 0: y[o, index[j], i] = 0. marks (0: none; [size]):
   * marks[index[j]] = first + j, so that the last one of equal indices stays.
   */
  addRows: {
    g: 'in',
    index: 'in',
    y: 'inout',
    marks: 'inout',
    outer: 'u32',
    size: 'u32',
    count: 'u32',
    inner: 'u32',
    first: 'u32',
  },
  /**
   * PyTorch's SGD. settings: [lr, momentum, share of the gradient in the velocity (1 − dampening, but 1 in the first
   * step), weightDecay]. flags: 1 nesterov, 2 maximize.
   * velocity 0: no momentum. index [count] (0: all n elements): only the rows of `inner` elements that it names, each once: where
   * marks[index[j]] = j, as addRows leaves it.
   */
  sgd: {
    param: 'inout',
    grad: 'in',
    velocity: 'inout',
    settings: 'in',
    n: 'u32',
    flags: 'u32',
    index: 'in',
    marks: 'in',
    count: 'u32',
    inner: 'u32',
  },
  /**
   * PyTorch's Adam and AdamW. settings: [lr / (1 − β1^t), β1, 1 − β1, β2, 1 − β2, ε, weightDecay, √(1 − β2^t), 1 − lr·weightDecay].
   * flags: 1 decoupled decay (AdamW), 2 amsgrad (vMax in use, else 0), 4 maximize.
   * g += weightDecay·p (or p *= 1 − lr·weightDecay);  m = β1·m + (1−β1)·g;  v = β2·v + (1−β2)·g²;  p −= settings[0]·m / (√v̂ / √(1−β2^t) + ε), v̂ = v or its running maximum.
   */
  adam: { param: 'inout', grad: 'in', m: 'inout', v: 'inout', vMax: 'inout', settings: 'in', n: 'u32', flags: 'u32' },
  /**
   * A strip: element-by-element commands run one block of STRIP_BLOCK elements after the other, so that what passes from one to
   * the next stays in the cache. The commands follow these fields, inside this command (its length covers them): `count` of them,
   * `unary` or `binary` with one dimension of stride 1 or a scalar, all of n elements. An operand address from 1 to
   * STRIP_LOCALS is a local block of the strip itself, written before it is read; two commands that touch the same memory
   * do so at the same address.
   */
  strip: { n: 'u32', count: 'u32', scratch: 'scratch' },
  /**
   * A group: `count` commands that follow this field, inside this command (its length covers them), independent of each
   * other, and none of them with a scratch block: the updates of an optimizer's step. Threads share each of them.
   */
  group: { count: 'u32' },
  /** y = n random numbers. state: 4 int32 words [key low, key high, counter low, counter high]; not changed here. */
  random: { fn: 'u32', y: 'out', state: 'in', offset: 'u32', n: 'u32', p0: 'bits', p1: 'bits' },
  ...poolCommands,
  ...normCommands,
  ...resizeCommands,
  ...convCommands,
  ...winogradCommands,
  ...recurrentCommands,
  ...indexCommands,
  ...optimCommands,
  ...quantizedCommands,
} as const satisfies Record<string, Record<string, FieldKind>>;

export type Opcode = keyof typeof commands;
export const opcodes = Object.keys(commands) as Opcode[];

const fieldWords = (kind: FieldKind): number => (kind === 'dims' ? MAX_DIMS : 1);

/** Word offset of every field of one opcode, and its whole length. The encoders and the structs follow this. */
export function layout(opcode: Opcode): { fields: { name: string; kind: FieldKind; offset: number }[]; words: number } {
  let offset = 2;
  const fields = Object.entries(commands[opcode]).map(([name, kind]) => {
    const field = { name, kind, offset };
    offset += fieldWords(kind);
    return field;
  });
  return { fields, words: offset };
}
