/** The two kinds of tensors that a module owns. Both live until they are disposed: no scope frees them. */

import { AutogradError, refuse } from '../../bindings/errors.ts';
import { done, materialize } from '../emit/emit.ts';
import { checkTensor } from '../ops/index.ts';
import { checkOptions, FLAG, noMore } from '../options.ts';
import { Variable } from '../tensor/graph.ts';
import { scope } from '../tensor/scope.ts';
import { Tensor } from '../tensor/tensor.ts';

/** A tensor that a module learns: it requires grad. Shares memory with `data` if that is contiguous and at the start of its storage. */
export class Parameter extends Tensor {
  /** @internal */ static override name = 'Parameter';

  constructor(data: Tensor, options: { requiresGrad?: boolean } = {}) {
    if (arguments.length > 2) noMore('Parameter', 2, arguments);
    checkOptions('Parameter', options, { requiresGrad: FLAG });
    const { requiresGrad = true } = options;
    checkTensor('Parameter', 'data', data);
    if (requiresGrad && data.dtype !== 'float32')
      refuse(AutogradError, 'Parameter', `only float32 tensors can require gradients, this one is ${data.dtype}`, {
        argument: 'data',
        got: data.dtype,
      });
    const source = data.contiguous && data.offset === 0 ? data : materialize(data);
    super(
      source.storage.retain(),
      source.shape,
      source.strides,
      source.offset,
      source.dtype,
      new Variable(requiresGrad, null),
    );
    this.kept = true;
    done(source, data);
  }
}

/** A tensor that a module keeps but does not learn, such as running statistics. Shares memory with `data` if that is contiguous and at the start of its storage. */
export class Buffer extends Tensor {
  /** @internal */ static override name = 'Buffer';

  constructor(data: Tensor) {
    if (arguments.length > 1) noMore('Buffer', 1, arguments);
    checkTensor('Buffer', 'data', data);
    const source = data.contiguous && data.offset === 0 ? data : materialize(data);
    super(source.storage.retain(), source.shape, source.strides, source.offset, source.dtype);
    this.kept = true;
    done(source, data);
  }
}

/** @internal A parameter with the initial values that `make` gives; all other tensors that `make` has made are freed. */
export function parameterOf(make: () => Tensor): Parameter {
  return scope(() => new Parameter(make()));
}
