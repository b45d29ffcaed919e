/** The restricted Boltzmann machine. */
import { ArgumentError, refuse } from '../../bindings/errors.ts';
import { linear } from '../ops/functional.ts';
import { compose, randn, randomLike, zeros } from '../ops/index.ts';
import { checkFinite, checkOptions, checkWhole, noMore, VALUE } from '../options.ts';
import { noGrad } from '../tape/mode.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { Module } from './module.ts';
import { type Parameter, parameterOf } from './parameter.ts';

/** Options of `RBM.contrastiveDivergence`. */
export interface ContrastiveDivergenceOptions {
  /** Gibbs steps. Default 1. */
  k?: number;
  /** Learning rate. Default 0.1. */
  lr?: number;
}

/** Probabilities, and samples of 0 or 1 drawn from them. */
export interface Sampled {
  /** P(unit = 1), between 0 and 1: [N, units]. */
  probabilities: Tensor;
  /** 1 with that probability, else 0, float32, of the same shape. */
  samples: Tensor;
}

/**
 * A restricted Boltzmann machine of binary units: P(h = 1 | v) = σ(W·v + c), P(v = 1 | h) = σ(Wᵀ·h + b), learned by
 * contrastive divergence.
 *
 * @see Hinton (2002), https://www.cs.toronto.edu/~hinton/absps/cdmiguel.pdf
 * @example
 * const rbm = new nn.RBM(784, 128);
 * const images = rand(32, 784).round();
 * for (let i = 0; i < 3; i++) rbm.contrastiveDivergence(images, { k: 1, lr: 0.05 });
 * rbm.sampleHidden(images).samples.shape; // [32, 128]
 */
export class RBM extends Module {
  /** @internal */ static override name = 'RBM';

  /** W, [hidden, visible], initially normal with standard deviation 0.01. */
  declare weight: Parameter;
  /** b, [visible], initially 0. */
  declare visible_bias: Parameter;
  /** c, [hidden], initially 0. */
  declare hidden_bias: Parameter;

  constructor(
    /** How many visible units, ≥ 1. */
    readonly visible: number,
    /** How many hidden units, ≥ 1. */
    readonly hidden: number,
  ) {
    if (arguments.length > 2) noMore('RBM', 2, arguments);
    super();
    checkWhole('RBM', 'visible', visible, 1);
    checkWhole('RBM', 'hidden', hidden, 1);
    this.watch('parameter', 'weight', 'visible_bias', 'hidden_bias');
    this.weight = parameterOf(() => randn(hidden, visible).mul(0.01));
    this.visible_bias = parameterOf(() => zeros(visible));
    this.hidden_bias = parameterOf(() => zeros(hidden));
  }

  /** Hidden units for visible ones [N, visible]. */
  sampleHidden(v: Tensor): Sampled {
    if (arguments.length > 1) noMore('RBM.sampleHidden', 1, arguments);
    return draw(() => linear(v, this.weight, this.hidden_bias));
  }

  /** Visible units for hidden ones [N, hidden]. */
  sampleVisible(h: Tensor): Sampled {
    if (arguments.length > 1) noMore('RBM.sampleVisible', 1, arguments);
    return draw(() => linear(h, this.weight.T, this.visible_bias));
  }

  /** Probabilities of the visible units after one step to the hidden ones and back. */
  override forward(v: Tensor): Tensor {
    if (arguments.length > 1) noMore('RBM.forward', 1, arguments);
    return compose(() => this.sampleVisible(this.sampleHidden(v).samples).probabilities);
  }

  /**
   * One step of learning from a batch [N, visible]: the difference of v·hᵀ between the data and what k Gibbs steps make of it.
   *
   * @returns the mean squared error of the reconstruction
   */
  contrastiveDivergence(v: Tensor, options: ContrastiveDivergenceOptions = {}): Tensor {
    if (arguments.length > 2) noMore('RBM.contrastiveDivergence', 2, arguments);
    const op = 'contrastiveDivergence';
    checkOptions(op, options, { k: VALUE, lr: VALUE });
    const { k = 1, lr = 0.1 } = options;
    checkWhole(op, 'k', k, 1);
    checkFinite(op, 'lr', lr);
    const [count = 0] = v.shape;
    if (v.ndim !== 2 || count === 0)
      refuse(ArgumentError, op, `expected a batch [N,${this.visible}]`, { argument: 'v', got: v.shape });
    return noGrad(() =>
      compose(() => {
        const first = this.sampleHidden(v);
        let hidden = first;
        let seen = this.sampleVisible(hidden.samples);
        for (let i = 1; i < k; i++) {
          hidden = this.sampleHidden(seen.samples);
          seen = this.sampleVisible(hidden.samples);
        }
        const last = this.sampleHidden(seen.samples);
        const rate = lr / count;
        const data = first.probabilities.T.matmul(v);
        const model = last.probabilities.T.matmul(seen.samples);
        this.weight.add_(data.sub(model).mul(rate));
        this.visible_bias.add_(v.sub(seen.samples).sum(0).mul(rate));
        this.hidden_bias.add_(first.probabilities.sub(last.probabilities).sum(0).mul(rate));
        return v.sub(seen.probabilities).square().mean();
      }),
    );
  }
}

function draw(logits: () => Tensor): Sampled {
  return compose(() => {
    const probabilities = logits().sigmoid();
    return { probabilities, samples: randomLike(probabilities).lt(probabilities).to('float32') };
  });
}
