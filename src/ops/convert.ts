/** The same values in another type, on another device or in other memory. */
import type { DType, Executor } from '../../bindings/executor.ts';
import { copyInto, emitUnary, empty, materialize } from '../emit/emit.ts';
import { rememberWritten } from '../emit/values.ts';
import { record } from '../tape/record.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { restate } from '../tensor/watch.ts';
import { checkTensor } from './check.ts';

/** The same values in another element type: integers drop the fraction of floats; anything except 0 is true. */
export function cast(x: Tensor, dtype: DType): Tensor {
  checkTensor('to', 'input', x);
  if (x.dtype === dtype) return x;
  if (dtype === 'float32') return emitUnary('toFloat', x, 'float32');
  if (x.dtype === 'float32') return emitUnary(dtype === 'int32' ? 'toInt' : 'toBool', x, dtype);
  if (dtype === 'bool') return emitUnary('toBoolI', x, dtype);
  const y = empty(x.executor, x.shape, dtype);
  copyInto(x, y);
  return restate('toInt', [x], y);
}

/** A copy on another executor. */
export function moveTo(x: Tensor, executor: Executor): Tensor {
  if (x.executor === executor) return x;
  const values = x.dataSync();
  const t = empty(executor, x.shape, x.dtype);
  executor.write(t.address, values, x.dtype);
  rememberWritten(t, values);
  return record('move', [x], t, { executor: x.executor });
}

/** A contiguous copy; gradients flow through it. */
export function clone(x: Tensor): Tensor {
  return record('clone', [x], materialize(x));
}
