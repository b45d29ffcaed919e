/** Activations as layers: those whose form is set by options, or learned. */
import {
  type AlphaOptions,
  celu,
  elu,
  type GeluOptions,
  gelu,
  type HardtanhOptions,
  hardtanh,
  type LeakyReluOptions,
  leakyRelu,
  logSoftmax,
  prelu,
  type SoftplusOptions,
  softmax,
  softplus,
} from '../ops/functional.ts';
import { full } from '../ops/index.ts';
import { checkFinite, checkOneOf, checkOptions, checkWhole, noMore, VALUE } from '../options.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { Module } from './module.ts';
import { type Parameter, parameterOf } from './parameter.ts';

/**
 * eˣ / Σ eˣ along a dimension: `new nn.Softmax({ dim: 1 })`. Default: the last.
 *
 * @example
 * new nn.Softmax({ dim: 1 }).forward(tensor([[0, 0], [1, 1]])).toArray(); // [[0.5, 0.5], [0.5, 0.5]]
 */
export class Softmax extends Module {
  /** @internal */ static override name = 'Softmax';
  /** @internal */ static readonly keepsNothing = true;

  /** The dimension that sums to 1; negative ones count from the end. Default −1. PyTorch's `dim`. */
  readonly dim: number;

  constructor(options: { dim?: number } = {}) {
    if (arguments.length > 1) noMore('Softmax', 1, arguments);
    super();
    checkOptions('Softmax', options, { dim: VALUE });
    this.dim = options.dim ?? -1;
  }

  override forward(x: Tensor): Tensor {
    if (arguments.length > 1) noMore('Softmax.forward', 1, arguments);
    return softmax(x, { dim: this.dim });
  }
}

/**
 * x − ln Σ eˣ along a dimension. Default: the last.
 *
 * @example
 * new nn.LogSoftmax().forward(tensor([0, 0])).toArray(); // [-0.6931, -0.6931]
 */
export class LogSoftmax extends Module {
  /** @internal */ static override name = 'LogSoftmax';
  /** @internal */ static readonly keepsNothing = true;

  /** The dimension whose exponentials sum to 1; negative ones count from the end. Default −1. PyTorch's `dim`. */
  readonly dim: number;

  constructor(options: { dim?: number } = {}) {
    if (arguments.length > 1) noMore('LogSoftmax', 1, arguments);
    super();
    checkOptions('LogSoftmax', options, { dim: VALUE });
    this.dim = options.dim ?? -1;
  }

  override forward(x: Tensor): Tensor {
    if (arguments.length > 1) noMore('LogSoftmax.forward', 1, arguments);
    return logSoftmax(x, { dim: this.dim });
  }
}

/**
 * x where x > 0, else negativeSlope·x: `new nn.LeakyReLU({ negativeSlope: 0.2 })`.
 *
 * @example
 * new nn.LeakyReLU({ negativeSlope: 0.2 }).forward(tensor([-1, 2])).toArray(); // [-0.2, 2]
 */
export class LeakyReLU extends Module {
  /** @internal */ static override name = 'LeakyReLU';
  /** @internal */ static readonly keepsNothing = true;

  constructor(
    /** The options as they were given: `negativeSlope`, default 0.01. */
    readonly options: LeakyReluOptions = {},
  ) {
    if (arguments.length > 1) noMore('LeakyReLU', 1, arguments);
    super();
    checkOptions('LeakyReLU', options, { negativeSlope: VALUE });
  }

  override forward(x: Tensor): Tensor {
    if (arguments.length > 1) noMore('LeakyReLU.forward', 1, arguments);
    return leakyRelu(x, this.options);
  }
}

/**
 * x where x > 0, else α·(eˣ − 1).
 *
 * @example
 * new nn.ELU({ alpha: 2 }).forward(tensor([-1, 2])).toArray(); // [-1.2642, 2]
 */
export class ELU extends Module {
  /** @internal */ static override name = 'ELU';
  /** @internal */ static readonly keepsNothing = true;

  constructor(
    /** The options as they were given: `alpha`, default 1. */
    readonly options: AlphaOptions = {},
  ) {
    if (arguments.length > 1) noMore('ELU', 1, arguments);
    super();
    checkOptions('ELU', options, { alpha: VALUE });
  }

  override forward(x: Tensor): Tensor {
    if (arguments.length > 1) noMore('ELU.forward', 1, arguments);
    return elu(x, this.options);
  }
}

/**
 * x where x > 0, else α·(e^(x/α) − 1).
 *
 * @example
 * new nn.CELU({ alpha: 2 }).forward(tensor([-1, 2])).toArray(); // [-0.7869, 2]
 */
export class CELU extends Module {
  /** @internal */ static override name = 'CELU';
  /** @internal */ static readonly keepsNothing = true;

  constructor(
    /** The options as they were given: `alpha`, default 1. */
    readonly options: AlphaOptions = {},
  ) {
    if (arguments.length > 1) noMore('CELU', 1, arguments);
    super();
    checkOptions('CELU', options, { alpha: VALUE });
  }

  override forward(x: Tensor): Tensor {
    if (arguments.length > 1) noMore('CELU.forward', 1, arguments);
    return celu(x, this.options);
  }
}

/**
 * x·Φ(x); `new nn.GELU({ approximate: 'tanh' })` for the approximation.
 *
 * @example
 * new nn.GELU().forward(tensor([-1, 2])).toArray(); // [-0.1587, 1.9545]
 */
export class GELU extends Module {
  /** @internal */ static override name = 'GELU';
  /** @internal */ static readonly keepsNothing = true;

  constructor(
    /** The options as they were given: `approximate`, default 'none'. */
    readonly options: GeluOptions = {},
  ) {
    if (arguments.length > 1) noMore('GELU', 1, arguments);
    super();
    checkOptions('GELU', options, { approximate: VALUE });
    checkOneOf('GELU', 'approximate', options.approximate ?? 'none', ['none', 'tanh']);
  }

  override forward(x: Tensor): Tensor {
    if (arguments.length > 1) noMore('GELU.forward', 1, arguments);
    return gelu(x, this.options);
  }
}

/**
 * ln(1 + e^(βx)) / β, but x where βx > threshold: `new nn.Softplus({ beta: 2, threshold: 20 })`.
 *
 * @example
 * new nn.Softplus({ beta: 2 }).forward(tensor([0, 20])).toArray(); // [0.3466, 20]
 */
export class Softplus extends Module {
  /** @internal */ static override name = 'Softplus';
  /** @internal */ static readonly keepsNothing = true;

  constructor(
    /** The options as they were given: `beta`, default 1, and `threshold`, default 20. */
    readonly options: SoftplusOptions = {},
  ) {
    if (arguments.length > 1) noMore('Softplus', 1, arguments);
    super();
    checkOptions('Softplus', options, { beta: VALUE, threshold: VALUE });
  }

  override forward(x: Tensor): Tensor {
    if (arguments.length > 1) noMore('Softplus.forward', 1, arguments);
    return softplus(x, this.options);
  }
}

/**
 * min(max(x, minVal), maxVal): `new nn.Hardtanh({ minVal: -2, maxVal: 2 })`.
 *
 * @example
 * new nn.Hardtanh({ minVal: -2, maxVal: 2 }).forward(tensor([-3, 1])).toArray(); // [-2, 1]
 */
export class Hardtanh extends Module {
  /** @internal */ static override name = 'Hardtanh';
  /** @internal */ static readonly keepsNothing = true;

  constructor(
    /** The options as they were given: `minVal`, default −1, and `maxVal`, default 1. */
    readonly options: HardtanhOptions = {},
  ) {
    if (arguments.length > 1) noMore('Hardtanh', 1, arguments);
    super();
    checkOptions('Hardtanh', options, { minVal: VALUE, maxVal: VALUE });
  }

  override forward(x: Tensor): Tensor {
    if (arguments.length > 1) noMore('Hardtanh.forward', 1, arguments);
    return hardtanh(x, this.options);
  }
}

/** Options of `PReLU`. */
export interface PReLUOptions {
  /** How many weights: 1, or one for each entry of dimension 1. Default 1. */
  numParameters?: number;
  /** Initial value. Default 0.25. */
  init?: number;
}

/**
 * x where x > 0, else weight·x with a learned weight.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.PReLU.html
 * @example
 * new nn.PReLU({ numParameters: 16 }).forward(randn(8, 16, 5)).shape; // [8, 16, 5]
 */
export class PReLU extends Module {
  /** @internal */ static override name = 'PReLU';
  /** @internal */ static readonly keepsNothing = true;

  /** The slopes of the negative side, learned: [numParameters]. */
  declare weight: Parameter;

  constructor(options: PReLUOptions = {}) {
    if (arguments.length > 1) noMore('PReLU', 1, arguments);
    super();
    checkOptions('PReLU', options, { numParameters: VALUE, init: VALUE });
    const { numParameters = 1, init = 0.25 } = options;
    checkWhole('PReLU', 'numParameters', numParameters, 1);
    checkFinite('PReLU', 'init', init);
    this.watch('parameter', 'weight');
    this.weight = parameterOf(() => full([numParameters], init));
  }

  override forward(x: Tensor): Tensor {
    if (arguments.length > 1) noMore('PReLU.forward', 1, arguments);
    return prelu(x, this.weight);
  }
}
