/** Parts of flat tensors that strides describe: gradients of changes through views are made of them. */
import { copyInto, materialize, viewOf } from '../emit/emit.ts';
import type { Region } from '../tape/primitives.ts';
import { record } from '../tape/record.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { compose } from './compose.ts';
import { clone } from './convert.ts';
import { constant } from './create.ts';

/** The part of a flat x. A view. */
export function region(x: Tensor, part: Region): Tensor {
  return compose(() => {
    const flat = x.contiguous ? x : clone(x);
    return record('region', [flat], viewOf(flat, part.shape, part.strides, flat.offset + part.offset), part);
  });
}

/** A flat x with y, or zeros for null, in place of the part. */
export function overwrite(x: Tensor, y: Tensor | null, part: Region): Tensor {
  return compose(() => {
    const written = y ?? constant(x.executor, part.shape, 0);
    const result = materialize(x);
    copyInto(written, viewOf(result, part.shape, part.strides, part.offset));
    return record('overwrite', [x, written], result, part);
  });
}

/** Zeros with y in place of the part. */
export function placeRegion(y: Tensor, part: Region): Tensor {
  return compose(() => overwrite(constant(y.executor, [part.length], 0), y, part));
}
