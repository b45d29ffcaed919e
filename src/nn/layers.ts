/** Layers: linear, dropout, changes of shape, and the container that chains them. */
import { MAX_DIMS } from '../../bindings/commands/limits.ts';
import { ArgumentError, refuse } from '../../bindings/errors.ts';
import { isInstance } from '../copies.ts';
import { dropout } from '../ops/functional.ts';
import { flatten, linear, unflatten, zeros } from '../ops/index.ts';
import { checkFinite, checkOptions, checkWhole, FLAG, nameOf, noMore, VALUE } from '../options.ts';
import { checkList, type Shape } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type DropShare, dropShare } from './dropShare.ts';
import { uniform_ } from './init.ts';
import { Module } from './module.ts';
import { type Parameter, parameterOf } from './parameter.ts';
import { letGo, passesOn } from './passing.ts';

/** Options of `Linear`. */
export interface LinearOptions {
  /** Add a learned vector. Default true. */
  bias?: boolean;
}

/**
 * y = x·Wᵀ + b: [..., inFeatures] → [..., outFeatures]. W and b start uniform in ±1/√inFeatures.
 *
 * @throws ShapeError where an input does not end in inFeatures
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Linear.html
 * @example
 * const layer = new nn.Linear(784, 128);
 * layer.forward(randn(64, 784)).shape; // [64, 128]
 */
export class Linear extends Module {
  /** @internal */ static override name = 'Linear';
  /** @internal */ static readonly keepsNothing = true;

  /** W, [outFeatures, inFeatures]. */
  declare weight: Parameter;
  /** b, [outFeatures]; null without bias. */
  declare bias: Parameter | null;

  constructor(
    /** Size of the input's last dimension, ≥ 1. */
    readonly inFeatures: number,
    /** Size of the output's last dimension, ≥ 1. */
    readonly outFeatures: number,
    options: LinearOptions = {},
  ) {
    if (arguments.length > 3) noMore('Linear', 3, arguments);
    super();
    checkWhole('Linear', 'inFeatures', inFeatures, 1);
    checkWhole('Linear', 'outFeatures', outFeatures, 1);
    checkOptions('Linear', options, { bias: FLAG });
    const bound = 1 / Math.sqrt(inFeatures);
    this.watch('parameter', 'weight', 'bias');
    this.weight = parameterOf(() => uniform_(zeros(outFeatures, inFeatures), -bound, bound));
    this.bias = (options.bias ?? true) ? parameterOf(() => uniform_(zeros(outFeatures), -bound, bound)) : null;
  }

  override forward(x: Tensor): Tensor {
    if (arguments.length > 1) noMore('Linear.forward', 1, arguments);
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
 * @example
 * const layer = new nn.Dropout(0.5);
 * layer.eval();
 * layer.forward(ones(4)).toArray(); // [1, 1, 1, 1]
 */
export class Dropout extends Module {
  /** @internal */ static override name = 'Dropout';
  /** @internal */ static readonly keepsNothing = true;

  /** Share of the elements that become 0. */
  readonly p: number;

  /** @param p the share, as a number or as an option; default 0.5 */
  constructor(p: number | DropShare = 0.5) {
    if (arguments.length > 1) noMore('Dropout', 1, arguments);
    super();
    this.p = dropShare('Dropout', p);
  }

  override forward(x: Tensor): Tensor {
    if (arguments.length > 1) noMore('Dropout.forward', 1, arguments);
    return dropout(x, { p: this.p, training: this.training });
  }

  protected override describe(): string {
    return `p: ${this.p}`;
  }
}

/**
 * Joins the dimensions from `startDim` (default 1, so that batches stay) to `endDim`.
 *
 * @example
 * new nn.Flatten().forward(randn(8, 16, 5, 5)).shape; // [8, 400]
 */
export class Flatten extends Module {
  /** @internal */ static override name = 'Flatten';
  /** @internal */ static readonly keepsNothing = true;

  /** The first dimension that is joined; negative ones count from the end. Default 1. */
  readonly startDim: number;
  /** The last dimension that is joined; negative ones count from the end. Default −1. */
  readonly endDim: number;

  /** `new nn.Flatten(startDim, endDim)` or `new nn.Flatten({ startDim, endDim })`. */
  constructor(start: number | { startDim?: number; endDim?: number } = 1, end = -1) {
    if (arguments.length > 2) noMore('Flatten', 2, arguments);
    super();
    const options = typeof start === 'number' ? { startDim: start, endDim: end } : start;
    checkOptions('Flatten', options, { startDim: VALUE, endDim: VALUE });
    this.startDim = options.startDim ?? 1;
    this.endDim = options.endDim ?? -1;
    checkWhole('Flatten', 'startDim', this.startDim, -MAX_DIMS);
    checkWhole('Flatten', 'endDim', this.endDim, -MAX_DIMS);
  }

  override forward(x: Tensor): Tensor {
    if (arguments.length > 1) noMore('Flatten.forward', 1, arguments);
    return flatten(x, this.startDim, this.endDim);
  }
}

/**
 * Splits one dimension into several.
 *
 * @throws ShapeError where the sizes do not multiply to the dimension's
 * @example
 * new nn.Unflatten(1, [16, 5, -1]).forward(randn(8, 400)).shape; // [8, 16, 5, 5]
 */
export class Unflatten extends Module {
  /** @internal */ static override name = 'Unflatten';
  /** @internal */ static readonly keepsNothing = true;

  constructor(
    /** The dimension that is split; negative ones count from the end. */
    readonly dim: number,
    /** What it is split into; one size may be −1, for what the others leave. */
    readonly sizes: Shape,
  ) {
    if (arguments.length > 2) noMore('Unflatten', 2, arguments);
    super();
    checkFinite('Unflatten', 'dim', dim);
    checkList('Unflatten', 'sizes', sizes);
  }

  override forward(x: Tensor): Tensor {
    if (arguments.length > 1) noMore('Unflatten.forward', 1, arguments);
    return unflatten(x, this.dim, this.sizes);
  }
}

/** A module from one tensor to another. */
export interface Layer extends Module {
  forward(x: Tensor): Tensor;
}

/**
 * Modules one after another. Their names are their positions, as in PyTorch: `0.weight`.
 *
 * @example
 * const model = new nn.Sequential(new nn.Linear(2, 3), new nn.Sigmoid(), new nn.Linear(3, 1));
 * model.forward(randn(8, 2)).shape; // [8, 1]
 */
export class Sequential extends Module {
  /** @internal */ static override name = 'Sequential';
  /** @internal */ static readonly keepsNothing = true;

  [index: number]: Layer;
  /** How many modules there are. */
  readonly length: number;

  constructor(...modules: Layer[]) {
    super();
    modules.forEach((module, i) => {
      if (!isInstance(module, Module)) {
        const hint = Array.isArray(module) ? '; spread a list: new nn.Sequential(...list)' : '';
        refuse(ArgumentError, 'Sequential', `argument ${i} is not a module but ${nameOf(module)}${hint}`, {
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
    if (arguments.length > 1) noMore('Sequential.forward', 1, arguments);
    let y = x;
    /** Whether only modules that pass it on have seen y. */
    let isOwn = false;
    for (let i = 0; i < this.length; i++) {
      const module = this[i]!;
      const before = y;
      const passes = passesOn(module);
      try {
        y = module.forward(before);
      } catch (error) {
        if (isOwn && passes) letGo(before);
        throw error;
      }
      if (y === before) {
        isOwn &&= passes;
        continue;
      }
      if (isOwn && passes) letGo(before);
      isOwn = passes;
    }
    return y;
  }

  /** @internal */
  get passesAllOn(): boolean {
    for (let i = 0; i < this.length; i++) if (!passesOn(this[i]!)) return false;
    return true;
  }
}
