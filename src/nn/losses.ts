/** Losses as modules: their options are fixed when they are made. */
import {
  binaryCrossEntropy,
  type CrossEntropyOptions,
  crossEntropy,
  type LossOptions,
  mseLoss,
  type WeightedLossOptions,
} from '../functional/index.ts';
import { checkOptions } from '../options.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { Module } from './module.ts';

/** Mean squared error. */
export class MSELoss extends Module {
  constructor(private readonly options: LossOptions = {}) {
    super();
    checkOptions('MSELoss', options, ['reduction']);
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return mseLoss(input, target, this.options);
  }
}

/** Binary cross-entropy of probabilities. */
export class BCELoss extends Module {
  constructor(private readonly options: WeightedLossOptions = {}) {
    super();
    checkOptions('BCELoss', options, ['reduction', 'weight']);
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return binaryCrossEntropy(input, target, this.options);
  }
}

/** Cross-entropy of logits [N, C] and class indices [N]. */
export class CrossEntropyLoss extends Module {
  constructor(private readonly options: CrossEntropyOptions = {}) {
    super();
    checkOptions('CrossEntropyLoss', options, ['weight', 'reduction', 'ignoreIndex', 'labelSmoothing']);
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return crossEntropy(input, target, this.options);
  }
}
