/** MobileNetV2 with torchvision's names, so that its weights load unchanged. */

import { BatchNorm2d, Conv2d, Dropout, init, type Layer, Linear, Module, ReLU6, Sequential } from '../nn/index.ts';
import { childrenPassOn, passing } from '../nn/passing.ts';
import { checkOptions, checkWhole, noMore, VALUE } from '../options.ts';
import { noGrad } from '../tape/mode.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { ModelOptions } from './resnet.ts';

const DROPOUT = 0.2;
const LAST_CHANNELS = 1280;

/** Stages: factor of the hidden channels, channels, blocks, stride of the first one. Table 2 of the paper. */
const STAGES = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;

function convolution(inChannels: number, outChannels: number, kernelSize: number, stride = 1, groups = 1): Conv2d {
  const options = { stride, padding: kernelSize >> 1, groups, bias: false };
  const conv = new Conv2d(inChannels, outChannels, kernelSize, options);
  init.kaimingNormal_(conv.weight, { mode: 'fanOut' });
  return conv;
}

const activated = (conv: Conv2d): Sequential => new Sequential(conv, new BatchNorm2d(conv.outChannels), new ReLU6());

/** Widens the channels, convolves them depthwise and narrows them; with a shortcut around all that where shapes allow. */
class InvertedResidual extends Module {
  /** @internal */ static override name = 'InvertedResidual';
  /** @internal */ static readonly keepsNothing = true;

  conv: Sequential;
  private readonly hasShortcut: boolean;

  constructor(inChannels: number, outChannels: number, stride: number, factor: number) {
    super();
    const hidden = inChannels * factor;
    const wider: Layer[] = factor === 1 ? [] : [activated(convolution(inChannels, hidden, 1))];
    this.conv = new Sequential(
      ...wider,
      activated(convolution(hidden, hidden, 3, stride, hidden)),
      convolution(hidden, outChannels, 1),
      new BatchNorm2d(outChannels),
    );
    this.hasShortcut = stride === 1 && inChannels === outChannels;
  }

  override forward(x: Tensor): Tensor {
    return passing(this, () => {
      const y = this.conv.forward(x);
      return this.hasShortcut ? y.add(x) : y;
    });
  }

  /** @internal */
  get passesAllOn(): boolean {
    return childrenPassOn(this);
  }
}

class MobileNetV2 extends Module {
  /** @internal */ static override name = 'MobileNetV2';
  /** @internal */ static readonly keepsNothing = true;

  features: Sequential;
  classifier: Sequential;

  constructor(numClasses: number) {
    super();
    const layers: Layer[] = [activated(convolution(3, 32, 3, 2))];
    let inChannels = 32;
    for (const [factor, channels, blocks, stride] of STAGES) {
      for (let i = 0; i < blocks; i++) {
        layers.push(new InvertedResidual(inChannels, channels, i === 0 ? stride : 1, factor));
        inChannels = channels;
      }
    }
    this.features = new Sequential(...layers, activated(convolution(inChannels, LAST_CHANNELS, 1)));
    const linear = new Linear(LAST_CHANNELS, numClasses);
    noGrad(() => {
      init.normal_(linear.weight, 0, 0.01);
      linear.bias?.zero_();
    });
    this.classifier = new Sequential(new Dropout(DROPOUT), linear);
  }

  override forward(x: Tensor): Tensor {
    return passing(this, () => this.classifier.forward(this.features.forward(x).mean([2, 3])));
  }

  /** @internal */
  get passesAllOn(): boolean {
    return childrenPassOn(this);
  }
}

/**
 * MobileNetV2: images [N, 3, H, W] → logits [N, numClasses]. Names and weights are torchvision's.
 *
 * @see https://arxiv.org/abs/1801.04381
 * @example
 * const model = models.mobilenetV2({ numClasses: 10 });
 */
export function mobilenetV2(options: ModelOptions = {}): MobileNetV2 {
  if (arguments.length > 1) noMore('mobilenetV2', 1, arguments);
  checkOptions('mobilenetV2', options, { numClasses: VALUE });
  const { numClasses = 1000 } = options;
  checkWhole('mobilenetV2', 'numClasses', numClasses, 1);
  return new MobileNetV2(numClasses);
}
