/** Convolutions by Winograd's commands, in a sandbox, and the direct sum that they must agree with. */

import type { ProgramBlock } from '../../bindings/commands/program.ts';
import {
  Activation,
  encodeWinogradConv,
  encodeWinogradGrad,
  encodeWinogradWeightGrad,
  encodeWinogradWeights,
} from '../../bindings/generated/encode.ts';
import { randomFloats, type Sandbox } from './heap.ts';

export interface WinogradCase {
  batch?: number;
  channels: [inChannels: number, outChannels: number];
  size: [height: number, width: number];
  /** Top, bottom, left, right. */
  pad?: [number, number, number, number];
  bias?: boolean;
  activation?: Activation;
  transposed?: boolean;
  /** The offset of operands from the alignment, in elements. */
  offset?: number;
}

const activate: Record<Activation, (x: number) => number> = {
  none: (x) => x,
  relu: (x) => Math.max(x, 0),
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  tanh: Math.tanh,
};

/** The result by nine products per input channel, in doubles. */
function direct(test: WinogradCase, x: number[], w: number[], bias: number[] | null): number[] {
  const { batch = 1, channels, size, pad = [1, 1, 1, 1], activation = 'none', transposed = false } = test;
  const [inChannels, outChannels] = channels;
  const [height, width] = size;
  const [outHeight, outWidth] = [height + pad[0] + pad[1] - 2, width + pad[2] + pad[3] - 2];
  const weight = (o: number, i: number, tap: number) =>
    transposed ? w[(i * outChannels + o) * 9 + 8 - tap]! : w[(o * inChannels + i) * 9 + tap]!;
  return Array.from({ length: batch * outChannels * outHeight * outWidth }, (_, at) => {
    const column = at % outWidth;
    const row = Math.floor(at / outWidth) % outHeight;
    const o = Math.floor(at / outWidth / outHeight) % outChannels;
    const image = Math.floor(at / outWidth / outHeight / outChannels);
    let sum = bias === null ? 0 : bias[o]!;
    for (let i = 0; i < inChannels; i++) {
      for (let tap = 0; tap < 9; tap++) {
        const r = row + Math.floor(tap / 3) - pad[0];
        const c = column + (tap % 3) - pad[2];
        if (r < 0 || r >= height || c < 0 || c >= width) continue;
        sum += x[((image * inChannels + i) * height + r) * width + c]! * weight(o, i, tap);
      }
    }
    return activate[activation](sum);
  });
}

/** Encodes the two commands; returns the addresses of their operands, and the expected y. */
export function encodeWinograd(
  box: Sandbox,
  program: ProgramBlock,
  test: WinogradCase,
  seed: number,
  change: (x: number[]) => void = () => {},
): { y: number; u: number; want: number[] } {
  const { batch = 1, channels, size, pad = [1, 1, 1, 1], activation = 'none', offset = 0 } = test;
  const [inChannels, outChannels] = channels;
  const [height, width] = size;
  const image = randomFloats(batch * inChannels * height * width, seed);
  change(image);
  const weights = randomFloats(inChannels * outChannels * 9, seed + 1);
  const biases = test.bias ? randomFloats(outChannels, seed + 2) : null;
  const want = direct(test, image, weights, biases);
  const x = box.put(image, 'float32', offset);
  const w = box.put(weights, 'float32', offset + 1);
  const bias = biases === null ? 0 : box.put(biases, 'float32', offset + 2);
  const u = box.room(36 * Math.ceil(outChannels / 8) * 8 * inChannels, offset + 3);
  const y = box.room(want.length, offset + 1);
  encodeWinogradWeights(program, { w, u, outChannels, inChannels, transposed: test.transposed ? 1 : 0 });
  encodeWinogradConv(program, {
    x,
    u,
    bias,
    y,
    batch,
    inChannels,
    height,
    width,
    outChannels,
    outHeight: height + pad[0] + pad[1] - 2,
    outWidth: width + pad[2] + pad[3] - 2,
    padTop: pad[0],
    padLeft: pad[2],
    activation: Activation[activation],
  });
  return { y, u, want };
}

/** Encodes the two commands of the weight gradient; returns the addresses of their outputs, and the expected gradient of w. */
export function encodeGrad(
  box: Sandbox,
  program: ProgramBlock,
  test: WinogradCase,
  seed: number,
): { gw: number; u: number; want: number[] } {
  const { batch = 1, channels, size, pad = [1, 1, 1, 1], offset = 0 } = test;
  const [inChannels, outChannels] = channels;
  const [height, width] = size;
  const [outHeight, outWidth] = [height + pad[0] + pad[1] - 2, width + pad[2] + pad[3] - 2];
  const image = randomFloats(batch * inChannels * height * width, seed);
  const gradient = randomFloats(batch * outChannels * outHeight * outWidth, seed + 1);
  const want = Array.from({ length: outChannels * inChannels * 9 }, (_, at) => {
    const [o, i, tap] = [Math.floor(at / 9 / inChannels), Math.floor(at / 9) % inChannels, at % 9];
    let sum = 0;
    for (let n = 0; n < batch; n++) {
      for (let row = 0; row < outHeight; row++) {
        const r = row + Math.floor(tap / 3) - pad[0];
        if (r < 0 || r >= height) continue;
        for (let column = 0; column < outWidth; column++) {
          const c = column + (tap % 3) - pad[2];
          if (c < 0 || c >= width) continue;
          const g = gradient[((n * outChannels + o) * outHeight + row) * outWidth + column]!;
          sum += g * image[((n * inChannels + i) * height + r) * width + c]!;
        }
      }
    }
    return sum;
  });
  const x = box.put(image, 'float32', offset);
  const g = box.put(gradient, 'float32', offset + 1);
  const u = box.room(36 * Math.ceil(outChannels / 8) * 8 * inChannels, offset + 3);
  const gw = box.room(want.length, offset + 2);
  encodeWinogradGrad(program, {
    x,
    u,
    g,
    batch,
    inChannels,
    height,
    width,
    outChannels,
    outHeight,
    outWidth,
    padTop: pad[0],
    padLeft: pad[2],
  });
  encodeWinogradWeightGrad(program, { u, w: gw, outChannels, inChannels });
  return { gw, u, want };
}
