/**
 * The rows of convolution in the command table. All of them begin with the same geometry, that of the forward
 * convolution from x [batch, inChannels, height, width] to y [batch, outChannels, outHeight, outWidth]; padding at the
 * bottom and at the right follows from the output's size. Weights are [outChannels, inChannels / groups, kernelHeight,
 * kernelWidth]. No operand overlaps another.
 */
import type { Costs } from './cost.ts';
import type { CommandRows } from './kinds.ts';

/** What all of them begin with. */
export const geometry = {
  batch: 'u32',
  inChannels: 'u32',
  height: 'u32',
  width: 'u32',
  outChannels: 'u32',
  outHeight: 'u32',
  outWidth: 'u32',
  kernelHeight: 'u32',
  kernelWidth: 'u32',
  strideHeight: 'u32',
  strideWidth: 'u32',
  padTop: 'u32',
  padLeft: 'u32',
  dilationHeight: 'u32',
  dilationWidth: 'u32',
  groups: 'u32',
} as const;

export const convCommands = {
  /** y = activation(conv(x, w) + bias), bias (0: none) one value an output channel. */
  conv: {
    ...geometry,
    x: 'in',
    w: 'in',
    bias: 'in',
    y: 'out',
    scratch: 'scratch',
    activation: 'u32',
    tile: 'tile',
  },
  /** gx = activation(gradient of conv with respect to x, from g = that of y, + bias), bias (0: none) one value an input channel. */
  convInputGrad: {
    ...geometry,
    g: 'in',
    w: 'in',
    bias: 'in',
    gx: 'out',
    scratch: 'scratch',
    activation: 'u32',
    tile: 'tile',
  },
  /** gw = gradient of conv with respect to w, from x and g. */
  convWeightGrad: { ...geometry, x: 'in', g: 'in', gw: 'out', scratch: 'scratch', tile: 'tile' },
  /** y [batch, inChannels·kernelHeight·kernelWidth, outHeight·outWidth] = the elements of x that each output reads; 0 in the padding. */
  im2col: { ...geometry, x: 'in', y: 'out' },
} as const satisfies CommandRows;

const product = {
  m: 'outChannels / groups',
  n: 'batch * outHeight * outWidth',
  k: '(inChannels / groups) * kernelHeight * kernelWidth',
  batch: 'groups',
};

export const convCosts: Costs<typeof convCommands> = {
  conv: { products: [product] },
  convInputGrad: { products: [product] },
  convWeightGrad: { products: [product] },
  im2col: { elements: 'inChannels * kernelHeight * kernelWidth * batch * outHeight * outWidth' },
};
