/** Activations as layers: those that have no options. configurableActivations.ts has the others. */
import {
  arctan,
  binaryStep,
  hardsigmoid,
  hardswish,
  mish,
  relu,
  relu6,
  selu,
  sigmoid,
  silu,
  softsign,
  tanh,
} from '../ops/functional.ts';
import { noMore } from '../options.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { Module } from './module.ts';

/**
 * max(x, 0).
 *
 * @example
 * new nn.ReLU().forward(tensor([-1, 2])).toArray(); // [0, 2]
 */
export class ReLU extends Module {
  /** @internal */ static override name = 'ReLU';
  /** @internal */ static readonly keepsNothing = true;

  override forward(x: Tensor): Tensor {
    if (arguments.length > 1) noMore('ReLU.forward', 1, arguments);
    return relu(x);
  }
}

/**
 * 1 / (1 + e⁻ˣ).
 *
 * @example
 * new nn.Sigmoid().forward(tensor([0, 1])).toArray(); // [0.5, 0.7311]
 */
export class Sigmoid extends Module {
  /** @internal */ static override name = 'Sigmoid';
  /** @internal */ static readonly keepsNothing = true;

  override forward(x: Tensor): Tensor {
    if (arguments.length > 1) noMore('Sigmoid.forward', 1, arguments);
    return sigmoid(x);
  }
}

/**
 * Hyperbolic tangent, (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ).
 *
 * @example
 * new nn.Tanh().forward(tensor([0, 1])).toArray(); // [0, 0.7616]
 */
export class Tanh extends Module {
  /** @internal */ static override name = 'Tanh';
  /** @internal */ static readonly keepsNothing = true;

  override forward(x: Tensor): Tensor {
    if (arguments.length > 1) noMore('Tanh.forward', 1, arguments);
    return tanh(x);
  }
}

/**
 * Gives x unchanged: a placeholder where a layer may be left out.
 *
 * @example
 * new nn.Identity().forward(tensor([1, 2])).toArray(); // [1, 2]
 */
export class Identity extends Module {
  /** @internal */ static override name = 'Identity';
  /** @internal */ static readonly keepsNothing = true;

  override forward(x: Tensor): Tensor {
    if (arguments.length > 1) noMore('Identity.forward', 1, arguments);
    return x;
  }
}

/**
 * 1 where x ≥ 0, else 0. The gradient is 0.
 *
 * @example
 * new nn.BinaryStep().forward(tensor([-1, 0, 2])).toArray(); // [0, 1, 1]
 */
export class BinaryStep extends Module {
  /** @internal */ static override name = 'BinaryStep';
  /** @internal */ static readonly keepsNothing = true;

  override forward(x: Tensor): Tensor {
    if (arguments.length > 1) noMore('BinaryStep.forward', 1, arguments);
    return binaryStep(x);
  }
}

/**
 * Arc tangent, between −π/2 and π/2.
 *
 * @example
 * new nn.ArcTan().forward(tensor([0, 1])).toArray(); // [0, 0.7854]
 */
export class ArcTan extends Module {
  /** @internal */ static override name = 'ArcTan';
  /** @internal */ static readonly keepsNothing = true;

  override forward(x: Tensor): Tensor {
    if (arguments.length > 1) noMore('ArcTan.forward', 1, arguments);
    return arctan(x);
  }
}

/**
 * min(max(x, 0), 6).
 *
 * @example
 * new nn.ReLU6().forward(tensor([-1, 2, 8])).toArray(); // [0, 2, 6]
 */
export class ReLU6 extends Module {
  /** @internal */ static override name = 'ReLU6';
  /** @internal */ static readonly keepsNothing = true;

  override forward(x: Tensor): Tensor {
    if (arguments.length > 1) noMore('ReLU6.forward', 1, arguments);
    return relu6(x);
  }
}

/**
 * 1.0507·(x where x > 0, else 1.6733·(eˣ − 1)).
 *
 * @example
 * new nn.SELU().forward(tensor([-1, 2])).toArray(); // [-1.1113, 2.1014]
 */
export class SELU extends Module {
  /** @internal */ static override name = 'SELU';
  /** @internal */ static readonly keepsNothing = true;

  override forward(x: Tensor): Tensor {
    if (arguments.length > 1) noMore('SELU.forward', 1, arguments);
    return selu(x);
  }
}

/**
 * x·σ(x).
 *
 * @example
 * new nn.SiLU().forward(tensor([-1, 2])).toArray(); // [-0.2689, 1.7616]
 */
export class SiLU extends Module {
  /** @internal */ static override name = 'SiLU';
  /** @internal */ static readonly keepsNothing = true;

  override forward(x: Tensor): Tensor {
    if (arguments.length > 1) noMore('SiLU.forward', 1, arguments);
    return silu(x);
  }
}

/**
 * x·tanh(ln(1 + eˣ)).
 *
 * @example
 * new nn.Mish().forward(tensor([-1, 2])).toArray(); // [-0.3034, 1.944]
 */
export class Mish extends Module {
  /** @internal */ static override name = 'Mish';
  /** @internal */ static readonly keepsNothing = true;

  override forward(x: Tensor): Tensor {
    if (arguments.length > 1) noMore('Mish.forward', 1, arguments);
    return mish(x);
  }
}

/**
 * x / (1 + |x|).
 *
 * @example
 * new nn.Softsign().forward(tensor([-1, 3])).toArray(); // [-0.5, 0.75]
 */
export class Softsign extends Module {
  /** @internal */ static override name = 'Softsign';
  /** @internal */ static readonly keepsNothing = true;

  override forward(x: Tensor): Tensor {
    if (arguments.length > 1) noMore('Softsign.forward', 1, arguments);
    return softsign(x);
  }
}

/**
 * min(max(x + 3, 0), 6) / 6.
 *
 * @example
 * new nn.Hardsigmoid().forward(tensor([-4, 0, 1.5])).toArray(); // [0, 0.5, 0.75]
 */
export class Hardsigmoid extends Module {
  /** @internal */ static override name = 'Hardsigmoid';
  /** @internal */ static readonly keepsNothing = true;

  override forward(x: Tensor): Tensor {
    if (arguments.length > 1) noMore('Hardsigmoid.forward', 1, arguments);
    return hardsigmoid(x);
  }
}

/**
 * x·hardsigmoid(x).
 *
 * @example
 * new nn.Hardswish().forward(tensor([-4, 1.5])).toArray(); // [0, 1.125]
 */
export class Hardswish extends Module {
  /** @internal */ static override name = 'Hardswish';
  /** @internal */ static readonly keepsNothing = true;

  override forward(x: Tensor): Tensor {
    if (arguments.length > 1) noMore('Hardswish.forward', 1, arguments);
    return hardswish(x);
  }
}
