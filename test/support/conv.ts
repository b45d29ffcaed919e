/** Geometries of convolutions, listed and random, and the commands on them, for the tests of the kernels. */

import type { ProgramBlock } from '../../bindings/commands/program.ts';
import {
  type ConvFields,
  encodeConv,
  encodeConvInputGrad,
  encodeConvWeightGrad,
  encodeIm2col,
} from '../../bindings/generated/encode.ts';

export type Geometry = Omit<ConvFields, 'x' | 'w' | 'bias' | 'y' | 'activation'>;

export interface ConvCase {
  batch?: number;
  channels: [inChannels: number, outChannels: number];
  size: [height: number, width: number];
  kernel: [height: number, width: number];
  stride?: [number, number];
  /** Before and after, of rows and of columns. */
  pad?: [number, number, number, number];
  dilation?: [number, number];
  groups?: number;
}

/** null where the kernel does not fit into the input. */
export function geometryOf(test: ConvCase): Geometry | null {
  const { batch = 1, stride = [1, 1], pad = [0, 0, 0, 0], dilation = [1, 1], groups = 1 } = test;
  const out = [0, 1].map((i) => {
    const room = test.size[i]! + pad[2 * i]! + pad[2 * i + 1]! - (test.kernel[i]! - 1) * dilation[i]! - 1;
    return room < 0 ? 0 : Math.floor(room / stride[i]!) + 1;
  });
  if (out.includes(0)) return null;
  return {
    batch,
    inChannels: test.channels[0],
    height: test.size[0],
    width: test.size[1],
    outChannels: test.channels[1],
    outHeight: out[0]!,
    outWidth: out[1]!,
    kernelHeight: test.kernel[0],
    kernelWidth: test.kernel[1],
    strideHeight: stride[0],
    strideWidth: stride[1],
    padTop: pad[0],
    padLeft: pad[2],
    dilationHeight: dilation[0],
    dilationWidth: dilation[1],
    groups,
  };
}

export const opcodes = ['conv', 'convInputGrad', 'convWeightGrad', 'im2col'] as const;
export type ConvOpcode = (typeof opcodes)[number];

/** The number of elements of x, w and y. */
function sizesOf(g: Geometry): { x: number; w: number; y: number } {
  return {
    x: g.batch * g.inChannels * g.height * g.width,
    w: (g.outChannels * g.inChannels * g.kernelHeight * g.kernelWidth) / g.groups,
    y: g.batch * g.outChannels * g.outHeight * g.outWidth,
  };
}

/** The number of elements of the two inputs, the bias and the output of a command. */
export function operandsOf(opcode: ConvOpcode, g: Geometry): { a: number; b: number; bias: number; out: number } {
  const { x, w, y } = sizesOf(g);
  switch (opcode) {
    case 'conv':
      return { a: x, b: w, bias: g.outChannels, out: y };
    case 'convInputGrad':
      return { a: y, b: w, bias: g.inChannels, out: x };
    case 'convWeightGrad':
      return { a: x, b: y, bias: 0, out: w };
    case 'im2col': {
      const columns = g.batch * g.outHeight * g.outWidth;
      return { a: x, b: 0, bias: 0, out: columns * g.inChannels * g.kernelHeight * g.kernelWidth };
    }
  }
}

/** The largest number of products in the sum of one result. */
export function depthOf(opcode: ConvOpcode, g: Geometry): number {
  const taps = g.kernelHeight * g.kernelWidth;
  if (opcode === 'conv') return (g.inChannels / g.groups) * taps;
  if (opcode === 'convInputGrad') return (g.outChannels / g.groups) * taps;
  return opcode === 'convWeightGrad' ? g.batch * g.outHeight * g.outWidth : 1;
}

interface Addresses {
  a: number;
  b: number;
  bias: number;
  out: number;
}

export function encode(
  program: ProgramBlock,
  opcode: ConvOpcode,
  g: Geometry,
  { a, b, bias, out }: Addresses,
  activation = 0,
): void {
  if (opcode === 'conv') encodeConv(program, { ...g, x: a, w: b, bias, y: out, activation });
  else if (opcode === 'convInputGrad') encodeConvInputGrad(program, { ...g, g: a, w: b, bias, gx: out, activation });
  else if (opcode === 'convWeightGrad') encodeConvWeightGrad(program, { ...g, x: a, g: b, gw: out });
  else encodeIm2col(program, { ...g, x: a, y: out });
}

/** A random geometry of moderate size. */
export function randomCase(random: () => number): ConvCase {
  const whole = (low: number, high: number) => low + Math.floor(random() * (high - low + 1));
  const groups = random() < 0.6 ? 1 : whole(1, 4);
  const depthwise = random() < 0.2;
  const inChannels = depthwise ? groups : groups * whole(1, 5);
  const pair = (low: number, high: number): [number, number] => [whole(low, high), whole(low, high)];
  return {
    batch: whole(1, 3),
    channels: [inChannels, groups * whole(1, 9)],
    size: pair(1, 17),
    kernel: random() < 0.2 ? [1, 1] : pair(1, 5),
    stride: random() < 0.5 ? [1, 1] : pair(1, 3),
    pad: random() < 0.3 ? [0, 0, 0, 0] : [whole(0, 3), whole(0, 3), whole(0, 3), whole(0, 3)],
    dilation: random() < 0.7 ? [1, 1] : pair(1, 3),
    groups,
  };
}
