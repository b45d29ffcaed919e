/** Activations as layers. */
import { logSoftmax, softmax } from '../functional/index.ts';
import { checkOptions } from '../options.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { Module } from './module.ts';

/** max(x, 0). */
export class ReLU extends Module {
  override forward(x: Tensor): Tensor {
    return x.relu();
  }
}

/** 1 / (1 + e⁻ˣ). */
export class Sigmoid extends Module {
  override forward(x: Tensor): Tensor {
    return x.sigmoid();
  }
}

/** Hyperbolic tangent. */
export class Tanh extends Module {
  override forward(x: Tensor): Tensor {
    return x.tanh();
  }
}

/** eˣ / Σ eˣ along a dimension: `new nn.Softmax({ dim: 1 })`. Default: the last. */
export class Softmax extends Module {
  readonly dim: number;

  constructor(options: { dim?: number } = {}) {
    super();
    checkOptions('Softmax', options, ['dim']);
    this.dim = options.dim ?? -1;
  }

  override forward(x: Tensor): Tensor {
    return softmax(x, { dim: this.dim });
  }
}

/** x − ln Σ eˣ along a dimension. Default: the last. */
export class LogSoftmax extends Module {
  readonly dim: number;

  constructor(options: { dim?: number } = {}) {
    super();
    checkOptions('LogSoftmax', options, ['dim']);
    this.dim = options.dim ?? -1;
  }

  override forward(x: Tensor): Tensor {
    return logSoftmax(x, { dim: this.dim });
  }
}
