/** Layers: linear, dropout, changes of shape, and the containers that chain them. */
import { MAX_DIMS } from '../../bindings/commands/table.ts';
import { ArgumentError } from '../../bindings/errors.ts';
import { dropout } from '../functional/index.ts';
import { flatten, linear, unflatten, zeros } from '../ops/index.ts';
import { checkOptions, checkWhole, nameOf } from '../options.ts';
import type { Shape } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type DropShare, dropShare } from './dropShare.ts';
import { uniform_ } from './init.ts';
import { Module } from './module.ts';
import { type Parameter, parameterOf } from './parameter.ts';

/** Options of `Linear`. */
export interface LinearOptions {
  /** Add a learned vector. Default true. */
  bias?: boolean;
}

/**
 * y = x·Wᵀ + b: [..., inFeatures] → [..., outFeatures]. W and b start uniform in ±1/√inFeatures.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Linear.html
 * @example
 * const layer = new nn.Linear(784, 128);
 * layer.forward(randn(64, 784)).shape; // [64, 128]
 */
export class Linear extends Module {
  weight: Parameter;
  bias: Parameter | null;

  constructor(
    readonly inFeatures: number,
    readonly outFeatures: number,
    options: LinearOptions = {},
  ) {
    super();
    checkWhole('Linear', 'inFeatures', inFeatures, 1);
    checkWhole('Linear', 'outFeatures', outFeatures, 1);
    checkOptions('Linear', options, ['bias']);
    const bound = 1 / Math.sqrt(inFeatures);
    this.weight = parameterOf(() => uniform_(zeros(outFeatures, inFeatures), -bound, bound));
    this.bias = (options.bias ?? true) ? parameterOf(() => uniform_(zeros(outFeatures), -bound, bound)) : null;
  }

  override forward(x: Tensor): Tensor {
    return linear(x, this.weight, this.bias);
  }

  protected override describe(): string {
    return `${this.inFeatures}, ${this.outFeatures}${this.bias === null ? ', bias: false' : ''}`;
  }
}

/**
 * In training, sets a random share p of the elements to 0 and scales the others by 1/(1 − p); otherwise does nothing.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Dropout.html
 */
export class Dropout extends Module {
  /** Share of the elements that become 0. */
  readonly p: number;

  /** @param p the share, as a number or as an option; default 0.5 */
  constructor(p: number | DropShare = 0.5) {
    super();
    this.p = dropShare('Dropout', p);
  }

  override forward(x: Tensor): Tensor {
    return dropout(x, { p: this.p, training: this.training });
  }

  protected override describe(): string {
    return `p: ${this.p}`;
  }
}

/** Joins the dimensions from `startDim` (default 1, so that batches stay) to `endDim`. */
export class Flatten extends Module {
  readonly startDim: number;
  readonly endDim: number;

  /** `new nn.Flatten(startDim, endDim)` or `new nn.Flatten({ startDim, endDim })`. */
  constructor(start: number | { startDim?: number; endDim?: number } = 1, end = -1) {
    super();
    const options = typeof start === 'number' ? { startDim: start, endDim: end } : start;
    checkOptions('Flatten', options, ['startDim', 'endDim']);
    this.startDim = options.startDim ?? 1;
    this.endDim = options.endDim ?? -1;
    checkWhole('Flatten', 'startDim', this.startDim, -MAX_DIMS);
    checkWhole('Flatten', 'endDim', this.endDim, -MAX_DIMS);
  }

  override forward(x: Tensor): Tensor {
    return flatten(x, this.startDim, this.endDim);
  }
}

/** Splits one dimension into several. */
export class Unflatten extends Module {
  constructor(
    readonly dim: number,
    readonly sizes: Shape,
  ) {
    super();
  }

  override forward(x: Tensor): Tensor {
    return unflatten(x, this.dim, this.sizes);
  }
}

/** A module from one tensor to another. */
export interface Layer extends Module {
  forward(x: Tensor): Tensor;
}

/**
 * Modules one after the other. Their names are their positions, as in PyTorch: `0.weight`.
 *
 * @example
 * const model = new nn.Sequential(new nn.Linear(2, 3), new nn.Sigmoid(), new nn.Linear(3, 1));
 */
export class Sequential extends Module {
  [index: number]: Layer;
  readonly length: number;

  constructor(...modules: Layer[]) {
    super();
    modules.forEach((module, i) => {
      if (!(module instanceof Module)) {
        const hint = Array.isArray(module) ? '; spread a list: new nn.Sequential(...list)' : '';
        throw new ArgumentError(`Sequential: argument ${i} is not a module but ${nameOf(module)}${hint}`, {
          op: 'Sequential',
          argument: `modules[${i}]`,
          got: module,
        });
      }
      this[i] = module;
    });
    this.length = modules.length;
  }

  /** The modules in order. */
  *[Symbol.iterator](): Generator<Layer> {
    for (let i = 0; i < this.length; i++) yield this[i]!;
  }

  override forward(x: Tensor): Tensor {
    let y = x;
    for (let i = 0; i < this.length; i++) y = this[i]!.forward(y);
    return y;
  }
}
