/** Resizing of the last two dimensions, and padding. */
import { ArgumentError, refuse, ShapeError } from '../../bindings/errors.ts';
import { copyInto, dense, empty, fillWith, viewOf } from '../emit/emit.ts';
import { emitResize, emitResizeGrad, type ResizeGeometry } from '../emit/resize.ts';
import { checkOneOf, checkOptions, noMore, VALUE } from '../options.ts';
import { record } from '../tape/record.ts';
import { show } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { watching } from '../tensor/watch.ts';
import { checkTensor, elementOf } from './check.ts';
import { compose } from './compose.ts';
import { indexSelect } from './select.ts';

/** x resized by a geometry. */
export function resizePlanes(x: Tensor, geometry: ResizeGeometry): Tensor {
  return compose(() => record('resize', [x], emitResize(dense(x), geometry), geometry));
}

/** The gradient of resizePlanes. */
export function resizeGrad(g: Tensor, geometry: ResizeGeometry): Tensor {
  return compose(() => record('resizeGrad', [g], emitResizeGrad(dense(g), geometry), geometry));
}

/** What is put around the elements: a value, the elements mirrored at the edge, which is not repeated, or the edge, repeated. */
export type PadMode = 'constant' | 'reflect' | 'replicate';

/** Options of `pad`. */
export interface PadOptions {
  /** What is put around the elements. Default 'constant'. */
  mode?: PadMode;
  /** For 'constant': the value; bool tensors take whether it is not 0, int32 ones drop its fraction. Default 0. */
  value?: number | boolean;
}

/** Elements added before and after along a dimension. */
interface Margin {
  dim: number;
  before: number;
  after: number;
}

function marginsOf(x: Tensor, amounts: readonly number[]): Margin[] {
  const op = 'pad';
  if (!Array.isArray(amounts) || amounts.length % 2 !== 0 || amounts.length > 2 * x.ndim) {
    refuse(
      ArgumentError,
      op,
      `expected [left, right, top, bottom, …], at most ${2 * x.ndim} numbers for ${show(x.shape)}, got [${String(amounts)}]`,
      { argument: 'padding', got: amounts },
    );
  }
  return Array.from({ length: amounts.length / 2 }, (_, i) => {
    const [before, after] = [amounts[2 * i]!, amounts[2 * i + 1]!];
    const dim = x.ndim - 1 - i;
    const size = x.shape[dim] ?? 1;
    if (!Number.isInteger(before) || !Number.isInteger(after))
      refuse(ArgumentError, op, `expected whole numbers, got [${String(amounts)}]`, {
        argument: 'padding',
        got: amounts,
      });
    if (size + before + after < 0 || -before > size || -after > size) {
      refuse(ShapeError, op, `${before} and ${after} leave nothing of dimension ${dim} of ${show(x.shape)}`, {
        argument: 'padding',
        got: amounts,
        expected: x.shape,
      });
    }
    return { dim, before, after };
  });
}

/** x with its margins around it, none of them negative. */
function padConstant(x: Tensor, margins: readonly Margin[], value: number): Tensor {
  const shape = [...x.shape];
  const starts = x.shape.map(() => 0);
  for (const { dim, before, after } of margins) {
    shape[dim]! += before + after;
    starts[dim] = before;
  }
  const y = empty(x.executor, shape, x.dtype);
  fillWith(y, value);
  const offset = y.strides.reduce((at, stride, i) => at + (starts[i] ?? 0) * stride, y.offset);
  if (x.numel > 0) {
    const place = viewOf(y, x.shape, y.strides, offset);
    copyInto(x, place);
    place.dispose();
  }
  watching?.note('pad', [x], [y], { starts, value });
  return x.dtype === 'float32' ? record('pad', [x], y, { starts }) : y;
}

/** The part of g that was there before padding: the gradient of pad. */
export function unpad(g: Tensor, starts: readonly number[], shape: readonly number[]): Tensor {
  let y = g;
  for (const [dim, size] of shape.entries()) {
    const start = starts[dim] ?? 0;
    if (size !== g.shape[dim]) y = y.slice(dim, start, start + size);
  }
  return y;
}

/** The position in 0 … size − 1 whose element is put at position i, which may be outside. */
function mirrored(i: number, size: number, mode: PadMode): number {
  if (mode === 'replicate') return Math.min(size - 1, Math.max(0, i));
  return i < 0 ? -i : i >= size ? 2 * (size - 1) - i : i;
}

function padByIndex(x: Tensor, { dim, before, after }: Margin, mode: PadMode): Tensor {
  const size = x.shape[dim] ?? 1;
  if (mode === 'reflect' ? Math.max(before, after) >= size : size === 0) {
    refuse(
      ShapeError,
      'pad',
      `${mode} of ${before} and ${after} needs more elements than dimension ${dim} of ${show(x.shape)} has`,
      { argument: 'padding', got: [before, after], expected: size },
    );
  }
  const length = Math.max(0, size + before + after);
  // Memory first: too large a result is refused before its positions are listed.
  const list = empty(x.executor, [length], 'int32');
  const index = Int32Array.from({ length }, (_, i) => mirrored(i - before, size, mode));
  x.executor.write(list.address, index, 'int32');
  return indexSelect(x, dim, list);
}

/**
 * x with elements added around it: [left, right, top, bottom, …], the last dimension first; negative numbers take elements away.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.pad.html
 * @throws ArgumentError, ShapeError if the numbers do not fit
 * @example
 * pad(ones(1, 2), [1, 2]).toArray(); // [[0, 1, 1, 0, 0]]
 */
export function pad(x: Tensor, padding: readonly number[], options: PadOptions = {}): Tensor {
  if (arguments.length > 3) noMore('pad', 3, arguments);
  checkTensor('pad', 'input', x);
  checkOptions('pad', options, { mode: VALUE, value: VALUE });
  const { mode = 'constant', value = 0 } = options;
  checkOneOf('pad', 'mode', mode, ['constant', 'reflect', 'replicate']);
  const element = elementOf('pad', 'value', value, x.dtype);
  const margins = marginsOf(x, padding);
  return compose(() => {
    if (mode !== 'constant') return margins.reduce((y, margin) => padByIndex(y, margin, mode), x);
    let y = x;
    for (const { dim, before, after } of margins) {
      if (before < 0 || after < 0) y = y.slice(dim, Math.max(0, -before), (y.shape[dim] ?? 1) + Math.min(0, after));
    }
    const positive = margins.map(({ dim, before, after }) => ({
      dim,
      before: Math.max(0, before),
      after: Math.max(0, after),
    }));
    return padConstant(y, positive, element);
  });
}
