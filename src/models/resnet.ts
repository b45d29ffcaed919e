/** ResNet-18 with torchvision's names, so that its weights load unchanged. */

import { AdaptiveAvgPool2d, BatchNorm2d, Conv2d, init, Linear, MaxPool2d, Module, Sequential } from '../nn/index.ts';
import { childrenPassOn, passing } from '../nn/passing.ts';
import { checkOptions, checkWhole, noMore, VALUE } from '../options.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Options of all models. */
export interface ModelOptions {
  /** Outputs of the last layer, ≥ 1. Default 1000, ImageNet's. */
  numClasses?: number;
}

function convolution(inChannels: number, outChannels: number, kernelSize: number, stride: number): Conv2d {
  const padding = kernelSize >> 1;
  const conv = new Conv2d(inChannels, outChannels, kernelSize, { stride, padding, bias: false });
  init.kaimingNormal_(conv.weight, { mode: 'fanOut', nonlinearity: 'relu' });
  return conv;
}

/** Two convolutions of 3×3 with a shortcut around them: y = relu(bn(conv(relu(bn(conv(x))))) + x). */
class BasicBlock extends Module {
  /** @internal */ static override name = 'BasicBlock';
  /** @internal */ static readonly keepsNothing = true;

  conv1: Conv2d;
  bn1: BatchNorm2d;
  conv2: Conv2d;
  bn2: BatchNorm2d;
  downsample: Sequential | null;

  constructor(inChannels: number, outChannels: number, stride: number) {
    super();
    this.conv1 = convolution(inChannels, outChannels, 3, stride);
    this.bn1 = new BatchNorm2d(outChannels);
    this.conv2 = convolution(outChannels, outChannels, 3, 1);
    this.bn2 = new BatchNorm2d(outChannels);
    const isSame = stride === 1 && inChannels === outChannels;
    this.downsample = isSame
      ? null
      : new Sequential(convolution(inChannels, outChannels, 1, stride), new BatchNorm2d(outChannels));
  }

  override forward(x: Tensor): Tensor {
    return passing(this, () => {
      const y = this.bn1.forward(this.conv1.forward(x)).relu();
      const shortcut = this.downsample === null ? x : this.downsample.forward(x);
      return this.bn2.forward(this.conv2.forward(y)).add(shortcut).relu();
    });
  }

  /** @internal */
  get passesAllOn(): boolean {
    return childrenPassOn(this);
  }
}

const stage = (inChannels: number, outChannels: number, stride: number): Sequential =>
  new Sequential(new BasicBlock(inChannels, outChannels, stride), new BasicBlock(outChannels, outChannels, 1));

class ResNet18 extends Module {
  /** @internal */ static override name = 'ResNet18';
  /** @internal */ static readonly keepsNothing = true;

  conv1 = convolution(3, 64, 7, 2);
  bn1 = new BatchNorm2d(64);
  maxpool = new MaxPool2d(3, { stride: 2, padding: 1 });
  layer1 = stage(64, 64, 1);
  layer2 = stage(64, 128, 2);
  layer3 = stage(128, 256, 2);
  layer4 = stage(256, 512, 2);
  avgpool = new AdaptiveAvgPool2d(1);
  fc: Linear;

  constructor(numClasses: number) {
    super();
    this.fc = new Linear(512, numClasses);
  }

  override forward(x: Tensor): Tensor {
    return passing(this, () => {
      let y = this.maxpool.forward(this.bn1.forward(this.conv1.forward(x)).relu());
      for (const layer of [this.layer1, this.layer2, this.layer3, this.layer4]) y = layer.forward(y);
      return this.fc.forward(this.avgpool.forward(y).flatten(1));
    });
  }

  /** @internal */
  get passesAllOn(): boolean {
    return childrenPassOn(this);
  }
}

/**
 * ResNet-18: images [N, 3, H, W] → logits [N, numClasses]. Names and weights are torchvision's.
 *
 * @see https://arxiv.org/abs/1512.03385
 * @example
 * const model = models.resnet18({ numClasses: 10 });
 */
export function resnet18(options: ModelOptions = {}): ResNet18 {
  if (arguments.length > 1) noMore('resnet18', 1, arguments);
  checkOptions('resnet18', options, { numClasses: VALUE });
  const { numClasses = 1000 } = options;
  checkWhole('resnet18', 'numClasses', numClasses, 1);
  return new ResNet18(numClasses);
}
