/** Activations as layers. */
import {
  type AlphaOptions,
  arctan,
  binaryStep,
  celu,
  elu,
  type GeluOptions,
  gelu,
  type HardtanhOptions,
  hardsigmoid,
  hardswish,
  hardtanh,
  type LeakyReluOptions,
  leakyRelu,
  logSoftmax,
  mish,
  prelu,
  relu,
  relu6,
  type SoftplusOptions,
  selu,
  sigmoid,
  silu,
  softmax,
  softplus,
  softsign,
  tanh,
} from '../functional/index.ts';
import { full } from '../ops/index.ts';
import { checkFinite, checkOptions, checkWhole } from '../options.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { Module } from './module.ts';
import { type Parameter, parameterOf } from './parameter.ts';

/** max(x, 0). */
export class ReLU extends Module {
  override forward(x: Tensor): Tensor {
    return relu(x);
  }
}

/** 1 / (1 + e⁻ˣ). */
export class Sigmoid extends Module {
  override forward(x: Tensor): Tensor {
    return sigmoid(x);
  }
}

/** Hyperbolic tangent. */
export class Tanh extends Module {
  override forward(x: Tensor): Tensor {
    return tanh(x);
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

/** x. */
export class Identity extends Module {
  override forward(x: Tensor): Tensor {
    return x;
  }
}

/** 1 where x ≥ 0, else 0. The gradient is 0. */
export class BinaryStep extends Module {
  override forward(x: Tensor): Tensor {
    return binaryStep(x);
  }
}

/** Arc tangent. */
export class ArcTan extends Module {
  override forward(x: Tensor): Tensor {
    return arctan(x);
  }
}

/** min(max(x, 0), 6). */
export class ReLU6 extends Module {
  override forward(x: Tensor): Tensor {
    return relu6(x);
  }
}

/** 1.0507·(x where x > 0, else 1.6733·(eˣ − 1)). */
export class SELU extends Module {
  override forward(x: Tensor): Tensor {
    return selu(x);
  }
}

/** x·σ(x). */
export class SiLU extends Module {
  override forward(x: Tensor): Tensor {
    return silu(x);
  }
}

/** x·tanh(ln(1 + eˣ)). */
export class Mish extends Module {
  override forward(x: Tensor): Tensor {
    return mish(x);
  }
}

/** x / (1 + |x|). */
export class Softsign extends Module {
  override forward(x: Tensor): Tensor {
    return softsign(x);
  }
}

/** min(max(x + 3, 0), 6) / 6. */
export class Hardsigmoid extends Module {
  override forward(x: Tensor): Tensor {
    return hardsigmoid(x);
  }
}

/** x·hardsigmoid(x). */
export class Hardswish extends Module {
  override forward(x: Tensor): Tensor {
    return hardswish(x);
  }
}

/** x where x > 0, else negativeSlope·x: `new nn.LeakyReLU({ negativeSlope: 0.2 })`. */
export class LeakyReLU extends Module {
  constructor(readonly options: LeakyReluOptions = {}) {
    super();
    checkOptions('LeakyReLU', options, ['negativeSlope']);
  }

  override forward(x: Tensor): Tensor {
    return leakyRelu(x, this.options);
  }
}

/** x where x > 0, else α·(eˣ − 1). */
export class ELU extends Module {
  constructor(readonly options: AlphaOptions = {}) {
    super();
    checkOptions('ELU', options, ['alpha']);
  }

  override forward(x: Tensor): Tensor {
    return elu(x, this.options);
  }
}

/** x where x > 0, else α·(e^(x/α) − 1). */
export class CELU extends Module {
  constructor(readonly options: AlphaOptions = {}) {
    super();
    checkOptions('CELU', options, ['alpha']);
  }

  override forward(x: Tensor): Tensor {
    return celu(x, this.options);
  }
}

/** x·Φ(x); `new nn.GELU({ approximate: 'tanh' })` for the approximation. */
export class GELU extends Module {
  constructor(readonly options: GeluOptions = {}) {
    super();
    checkOptions('GELU', options, ['approximate']);
  }

  override forward(x: Tensor): Tensor {
    return gelu(x, this.options);
  }
}

/** ln(1 + e^(βx)) / β, but x where βx > threshold: `new nn.Softplus({ beta: 2, threshold: 20 })`. */
export class Softplus extends Module {
  constructor(readonly options: SoftplusOptions = {}) {
    super();
    checkOptions('Softplus', options, ['beta', 'threshold']);
  }

  override forward(x: Tensor): Tensor {
    return softplus(x, this.options);
  }
}

/** min(max(x, minVal), maxVal): `new nn.Hardtanh({ minVal: -2, maxVal: 2 })`. */
export class Hardtanh extends Module {
  constructor(readonly options: HardtanhOptions = {}) {
    super();
    checkOptions('Hardtanh', options, ['minVal', 'maxVal']);
  }

  override forward(x: Tensor): Tensor {
    return hardtanh(x, this.options);
  }
}

/** Options of `PReLU`. */
export interface PReLUOptions {
  /** One weight, or one for each entry of dimension 1. Default 1. */
  numParameters?: number;
  /** Initial value. Default 0.25. */
  init?: number;
}

/**
 * x where x > 0, else weight·x with a learned weight.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.PReLU.html
 * @example
 * const layer = new nn.PReLU({ numParameters: 16 });
 */
export class PReLU extends Module {
  weight: Parameter;

  constructor(options: PReLUOptions = {}) {
    super();
    checkOptions('PReLU', options, ['numParameters', 'init']);
    const { numParameters = 1, init = 0.25 } = options;
    checkWhole('PReLU', 'numParameters', numParameters, 1);
    checkFinite('PReLU', 'init', init);
    this.weight = parameterOf(() => full([numParameters], init));
  }

  override forward(x: Tensor): Tensor {
    return prelu(x, this.weight);
  }
}
