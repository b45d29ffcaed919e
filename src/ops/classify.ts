/** Softmax and cross-entropy, which end classifiers. */
import { ArgumentError, DTypeError, refuse, ShapeError } from '../../bindings/errors.ts';
import { encodeCrossEntropy, encodeCrossEntropyGrad } from '../../bindings/generated/encode.ts';
import { commonExecutor, dense, done, emitSoftmax, emitSoftmaxGrad, empty } from '../emit/emit.ts';
import { checkValues } from '../emit/values.ts';
import { checkOptions, checkRange, noMore, VALUE } from '../options.ts';
import { isGradEnabled } from '../tape/mode.ts';
import type { Context, CrossEntropyAttributes } from '../tape/primitives.ts';
import { record } from '../tape/record.ts';
import { normalizeDim, type Shape, sameShape, show } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { restate } from '../tensor/watch.ts';
import { checkFloat, checkTensor } from './check.ts';
import { compose } from './compose.ts';
import { alongDim } from './create.ts';
import { checkReduction, type Reduction } from './lossParts.ts';
import { inDtype } from './reduce.ts';
import { hasDims } from './sizes.ts';

const reductionCodes = { none: 0, mean: 1, sum: 2 } as const;

function softmaxAlong(primitive: 'softmax' | 'logSoftmax', x: Tensor, dim: number): Tensor {
  checkFloat(primitive, 'input', x);
  const at = normalizeDim(primitive, dim, x.ndim);
  const log = primitive === 'logSoftmax';
  if (at >= x.ndim - 1) {
    const source = dense(x);
    const y = emitSoftmax(source, log);
    if (source !== x) source.dispose();
    return record(primitive, [x], y);
  }
  return compose(() =>
    restate(primitive, [x], softmaxAlong(primitive, x.transpose(at, -1), -1).transpose(at, -1), { dim: at }),
  );
}

/** Options of `softmax` and `logSoftmax`. */
export interface SoftmaxOptions {
  /** The type to which x is converted first: 'float32', for integers. Default: x must be float32. */
  dtype?: 'float32';
}

function softmaxOf(op: 'softmax' | 'logSoftmax', x: Tensor, dim: number, options?: SoftmaxOptions): Tensor {
  if (options === undefined) return softmaxAlong(op, x, dim);
  checkOptions(op, options, { dtype: VALUE });
  return inDtype(op, x, options.dtype, ['float32'], (given) => softmaxAlong(op, given, dim));
}

/**
 * eˣ / Σ eˣ along a dimension (default: the last).
 *
 * @example
 * softmax(tensor([[0, 0], [1, 1]]), 1).toArray(); // [[0.5, 0.5], [0.5, 0.5]]
 */
export function softmax<S extends Shape>(x: Tensor<S>, dim?: number, options?: SoftmaxOptions): Tensor<S>;
export function softmax(x: Tensor, dim = -1, options?: SoftmaxOptions): Tensor {
  if (arguments.length > 3) noMore('softmax', 3, arguments);
  return softmaxOf('softmax', x, dim, options);
}

/**
 * x − ln Σ eˣ along a dimension (default: the last).
 *
 * @example
 * logSoftmax(tensor([0, 0])).toArray(); // [-0.6931, -0.6931]
 */
export function logSoftmax<S extends Shape>(x: Tensor<S>, dim?: number, options?: SoftmaxOptions): Tensor<S>;
export function logSoftmax(x: Tensor, dim = -1, options?: SoftmaxOptions): Tensor {
  if (arguments.length > 3) noMore('logSoftmax', 3, arguments);
  return softmaxOf('logSoftmax', x, dim, options);
}

function gradOf(primitive: 'softmaxGrad' | 'logSoftmaxGrad', y: Tensor, g: Tensor): Tensor {
  return compose(() => record(primitive, [y, g], emitSoftmaxGrad(dense(y), dense(g), primitive === 'logSoftmaxGrad')));
}

/** y·(g − Σ g·y) along the last dimension: the gradient of softmax from its output. */
export function softmaxGrad(y: Tensor, g: Tensor): Tensor {
  return gradOf('softmaxGrad', y, g);
}

/** g − eʸ·Σ g along the last dimension: the gradient of log-softmax from its output. */
export function logSoftmaxGrad(y: Tensor, g: Tensor): Tensor {
  return gradOf('logSoftmaxGrad', y, g);
}

/** Options of `crossEntropy`. */
export interface CrossEntropyOptions {
  /** A factor for each class. */
  weight?: Tensor | readonly number[];
  /** How the losses become one. Default 'mean': over the weights of the targets that are not ignored. */
  reduction?: Reduction;
  /** Targets with this class are ignored. Default −100. */
  ignoreIndex?: number;
  /** Share of the target that is spread evenly over all classes, 0 … 1. Default 0. */
  labelSmoothing?: number;
}

function checkTargets(target: Tensor, rows: number, classes: number, ignoreIndex: number): void {
  const op = 'crossEntropy';
  checkTensor(op, 'target', target);
  if (target.ndim !== 1 || target.numel !== rows) {
    refuse(ShapeError, op, `target must be [${rows}], one class for each row of the input, got ${show(target.shape)}`, {
      argument: 'target',
      got: target.shape,
      expected: [rows],
    });
  }
  checkClassIndices(op, target, classes, ignoreIndex);
}

/** Refuses targets that are not class indices. */
export function checkClassIndices(op: string, target: Tensor, classes: number, ignoreIndex: number): void {
  if (target.dtype !== 'int32') {
    refuse(DTypeError, op, `target must be int32 class indices, got ${target.dtype}`, {
      argument: 'target',
      got: target.dtype,
      expected: 'int32',
    });
  }
  checkValues(target, {
    dtype: 'int32',
    low: 0,
    high: classes - 1,
    except: ignoreIndex,
    name: `${op} target`,
    refuse: (value) =>
      new ArgumentError(`${op}: target ${value} is out of range for ${classes} classes`, {
        op,
        argument: 'target',
        got: value,
        expected: [0, classes - 1],
      }),
  });
}

/** Cross-entropy of logits x [N, C] and class indices target [N] (int32): −Σ ln softmax(x)[target], in one stable command. */
export function crossEntropyOfRows(
  x: Tensor,
  target: Tensor,
  weight: Tensor | undefined,
  options: Omit<CrossEntropyOptions, 'weight'>,
): Tensor {
  const op = 'crossEntropy';
  const { reduction = 'mean', ignoreIndex = -100, labelSmoothing: smoothing = 0 } = options;
  checkFloat(op, 'input', x);
  checkReduction(op, reduction);
  if (!hasDims(x, 2))
    refuse(ShapeError, op, `input must be [N,C], got ${show(x.shape)}`, { argument: 'input', got: x.shape });
  const [rows, cols] = x.shape;
  checkTargets(target, rows, cols, ignoreIndex);
  checkRange(op, 'labelSmoothing', smoothing, 0, 1);
  if (weight !== undefined) {
    checkFloat(op, 'weight', weight);
    if (!sameShape(weight.shape, [cols])) {
      refuse(ShapeError, op, `weight must be [${cols}], got ${show(weight.shape)}`, {
        argument: 'weight',
        got: weight.shape,
        expected: [cols],
      });
    }
  }
  const executor = commonExecutor(op, x, target, ...(weight === undefined ? [] : [weight]));
  return compose(() => {
    const logits = dense(x);
    const classes = dense(target);
    const weights = weight === undefined ? undefined : dense(weight);
    const loss = empty(executor, reduction === 'none' ? [rows] : [], 'float32');
    const lse = empty(executor, [rows], 'float32');
    const norm = empty(executor, [], 'float32');
    encodeCrossEntropy(executor.program, {
      x: logits.address,
      target: classes.address,
      weight: weights === undefined ? 0 : weights.address,
      loss: loss.address,
      lse: lse.address,
      norm: norm.address,
      rows,
      cols,
      reduction: reductionCodes[reduction],
      ignoreIndex,
      smoothing,
    });
    executor.run();
    const inputs = [x, classes, lse, norm];
    if (weights !== undefined) inputs.push(weights);
    return record('crossEntropy', inputs, loss, { reduction, ignoreIndex, smoothing, weighted: weights !== undefined });
  });
}

/** Gradient of cross-entropy with respect to the logits. */
export function crossEntropyGrad(g: Tensor, c: Context<CrossEntropyAttributes>): Tensor {
  if (isGradEnabled()) return composedGrad(g, c);
  const [x, target, lse, norm] = [c.input(0), c.input(1), c.input(2), c.input(3)];
  const { reduction, ignoreIndex, smoothing, weighted } = c.attributes;
  const { executor } = x;
  const logits = dense(x);
  const upstream = dense(g);
  const gx = empty(executor, x.shape, 'float32');
  const [rows = 1, cols = 1] = x.shape;
  if (gx.numel > 0) {
    encodeCrossEntropyGrad(executor.program, {
      x: logits.address,
      target: target.address,
      weight: weighted ? c.input(4).address : 0,
      lse: lse.address,
      norm: norm.address,
      g: upstream.address,
      gx: gx.address,
      rows,
      cols,
      reduction: reductionCodes[reduction],
      ignoreIndex,
      smoothing,
    });
    executor.run();
  }
  done(logits, x);
  done(upstream, g);
  return gx;
}

/**
 * The same from differentiable operations, for second derivatives. With the target distribution
 * T = (1−s)·w[t]·onehot + s/C·w (0 in ignored rows): gradient = g·(softmax(x)·Σ T − T), divided by the norm for the mean.
 */
function composedGrad(g: Tensor, c: Context<CrossEntropyAttributes>): Tensor {
  const x = c.input(0);
  const target = c.input(1);
  const { reduction, ignoreIndex, smoothing, weighted } = c.attributes;
  const [, cols = 1] = x.shape;
  const column = target.unsqueeze(1);
  const counted = column.ne(ignoreIndex).to('float32');
  const onehot = alongDim(cols, 1, 2, x.executor).eq(column).to('float32');
  const weights = weighted ? c.input(4) : null;
  const smooth = weights === null ? smoothing / cols : weights.mul(smoothing / cols);
  const hard = weights === null ? onehot : onehot.mul(weights);
  const distribution = hard
    .mul(1 - smoothing)
    .add(smooth)
    .mul(counted);
  const difference = softmax(x, 1)
    .mul(distribution.sum(1, { keepdim: true }))
    .sub(distribution);
  if (reduction === 'none') return difference.mul(g.unsqueeze(1));
  return difference.mul(reduction === 'mean' ? g.div(c.input(3)) : g);
}
