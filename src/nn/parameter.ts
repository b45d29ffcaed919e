/** The two kinds of tensors that a module owns. Both live until they are disposed: no scope frees them. */

import { AutogradError } from '../../bindings/errors.ts';
import { Variable } from '../autograd/graph.ts';
import { checkTensor } from '../ops/index.ts';
import { materialize } from '../program/emit.ts';
import { Tensor } from '../tensor/tensor.ts';

/** A tensor that a module learns: it requires grad. Takes over the elements of `data`, which is disposed. */
export class Parameter extends Tensor {
  constructor(data: Tensor, { requiresGrad = true }: { requiresGrad?: boolean } = {}) {
    checkTensor('Parameter', 'data', data);
    if (requiresGrad && data.dtype !== 'float32')
      throw new AutogradError(`Parameter: only float32 tensors can require gradients, this one is ${data.dtype}`, {
        op: 'Parameter',
        argument: 'data',
        got: data.dtype,
      });
    const source = data.contiguous && data.storage.length === data.numel ? data : materialize(data);
    super(
      source.storage.retain(),
      source.shape,
      source.strides,
      source.offset,
      source.dtype,
      new Variable(requiresGrad, null),
    );
    this.kept = true;
    source.dispose();
    data.dispose();
  }
}

/** A tensor that a module keeps but does not learn, such as running statistics. Takes over the elements of `data`, which is disposed. */
export class Buffer extends Tensor {
  constructor(data: Tensor) {
    checkTensor('Buffer', 'data', data);
    super(data.storage.retain(), data.shape, data.strides, data.offset, data.dtype);
    this.kept = true;
    data.dispose();
  }
}
