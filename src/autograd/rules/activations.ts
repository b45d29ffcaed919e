/** Gradient rules of activations with kernels of their own. */
import { CUBE, TWICE_ROOT } from '../../../bindings/commands/limits.ts';
import * as ops from '../../ops/index.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Rule, Rules } from './rule.ts';

/** The rule of x ↦ x·s(x), whose gradient has a command of its own. */
const gated =
  (fn: 'geluGrad' | 'geluTanhGrad' | 'siluGrad'): Rule<undefined> =>
  (g, c) => [ops.activationGrad(fn, c.input(0), g)];

/** The rule of such a gradient, from the second derivative. */
const gatedTwice =
  (fn: 'geluGrad' | 'geluTanhGrad' | 'siluGrad', second: (x: Tensor) => Tensor): Rule<undefined> =>
  (h, c) => {
    const x = c.input(0);
    return [c.needs(0) ? h.mul(c.input(1)).mul(second(x)) : null, c.needs(1) ? ops.activationGrad(fn, x, h) : null];
  };

const ROOT_TWO_PI = Math.sqrt(2 * Math.PI);

export const activationRules: Rules<
  'gelu' | 'geluTanh' | 'silu' | 'geluGrad' | 'geluTanhGrad' | 'siluGrad' | 'softplus' | 'elu' | 'leakyRelu'
> = {
  gelu: gated('geluGrad'),
  geluTanh: gated('geluTanhGrad'),
  silu: gated('siluGrad'),
  // φ(x)·(2 − x²)
  geluGrad: gatedTwice('geluGrad', (x) => {
    const square = x.square();
    return square.mul(-0.5).exp().div(ROOT_TWO_PI).mul(ops.sub(2, square));
  }),
  // With v = 2u and s = σ(v): s·(1 − s)·(2·v′ + x·v″ + x·v′²·(1 − 2s))
  geluTanhGrad: gatedTwice('geluTanhGrad', (x) => {
    const square = x.square();
    const s = x.mul(square.mul(CUBE).add(1)).mul(TWICE_ROOT).sigmoid();
    const slope = square
      .mul(3 * CUBE)
      .add(1)
      .mul(TWICE_ROOT);
    const rest = slope
      .square()
      .mul(x)
      .mul(ops.sub(1, s.mul(2)));
    const bend = square.mul(6 * CUBE * TWICE_ROOT);
    return s.mul(ops.sub(1, s)).mul(slope.mul(2).add(bend).add(rest));
  }),
  // s·(1 − s)·(2 + x·(1 − 2s))
  siluGrad: gatedTwice('siluGrad', (x) => {
    const s = x.sigmoid();
    return s.mul(ops.sub(1, s)).mul(x.mul(ops.sub(1, s.mul(2))).add(2));
  }),
  softplus: (g, c) => {
    const { beta, threshold } = c.attributes;
    const z = beta === 1 ? c.input(0) : c.input(0).mul(beta);
    const gradient = g.mul(z.sigmoid());
    return [ops.where(z.gt(threshold), g, gradient)];
  },
  elu: (g, c) => {
    const { factor, scale } = c.attributes;
    const slope = c.output.add(factor);
    // The gradient at NaN is g, as in PyTorch.
    return [ops.where(c.input(0).le(0), g.mul(scale === 1 ? slope : slope.mul(scale)), g)];
  },
  leakyRelu: (g, c) => [ops.where(c.input(0).gt(0), g, g.mul(c.attributes.slope))],
};
