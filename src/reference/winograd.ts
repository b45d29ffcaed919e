/**
 * Winograd's F(4×4, 3×3) by its definition: matrices Bᵀ, G and Aᵀ for the points 0, ±3/4, ±3/2 and ∞, applied from both sides.
 * All sums are in doubles.
 */

import { readerOf } from '../../bindings/commands/fields.ts';
import { activations } from '../../bindings/commands/gemm.ts';
import { sigmoid } from '../../bindings/commands/unary.ts';
import type { Heap, ReferenceKernel, ReferenceKernels } from './heap.ts';

const readWinogradConv = readerOf('winogradConv');
const readWinogradGrad = readerOf('winogradGrad');
const readWinogradWeightGrad = readerOf('winogradWeightGrad');
const readWinogradWeights = readerOf('winogradWeights');

const TILE = 4;
const TAPS = 3;
const PATCH = TILE + TAPS - 1;
const PANEL = 8;
const POINTS = [0, 0.75, -0.75, 1.5, -1.5];

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i);
const power = (x: number, n: number) => x ** n;
/** Coefficients, lowest first, of Π (x − r). */
const polynomial = (roots: number[]): number[] =>
  roots.reduce((c, r) => upTo(c.length + 1).map((i) => (c[i - 1] ?? 0) - r * (c[i] ?? 0)), [1]);
const others = (i: number) => POINTS.filter((_, j) => j !== i);
const scaleOf = (i: number) => others(i).reduce((product, q) => product * (POINTS[i]! - q), 1);

/** Input transform [6, 6]: the polynomials that vanish at all points but one. */
const inputMatrix = [...POINTS.map((_, i) => [...polynomial(others(i)), 0]), polynomial(POINTS)];
/** Filter transform [6, 3]: a filter's values at the points. */
const filterMatrix = [...POINTS.map((p, i) => upTo(TAPS).map((n) => power(p, n) / scaleOf(i))), [0, 0, 1]];
/** Output transform [4, 6]. */
const outputMatrix = upTo(TILE).map((n) => [...POINTS.map((p) => power(p, n)), n === TILE - 1 ? 1 : 0]);

/** matrix · square · matrixᵀ, square by rows. */
function bothSides(matrix: number[][], square: ArrayLike<number>): number[] {
  const size = matrix[0]!.length;
  return matrix.flatMap((left) =>
    matrix.map((right) => {
      let sum = 0;
      for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) sum += left[i]! * right[j]! * square[i * size + j]!;
      return sum;
    }),
  );
}

/** Index of element p of the transformed filter (o, i): 8 output channels are adjacent. */
function placeOf(p: number, o: number, i: number, outputs: number, inputs: number): number {
  const panel = p * Math.ceil(outputs / PANEL) + Math.floor(o / PANEL);
  return (panel * inputs + i) * PANEL + (o % PANEL);
}

/** A square of a plane [h, w] by rows; elements outside it are 0. */
function squareAt(
  f: Heap['f'],
  plane: number,
  h: number,
  w: number,
  top: number,
  left: number,
  side: number,
): number[] {
  return upTo(side * side).map((p) => {
    const row = top + Math.floor(p / side);
    const column = left + (p % side);
    return row >= 0 && row < h && column >= 0 && column < w ? f[plane + row * w + column]! : 0;
  });
}

/** (G·g·Gᵀ)[p] of every filter. */
const winogradWeights: ReferenceKernel = ({ f }, words, _floats, at) => {
  const command = readWinogradWeights(words, at);
  const { w, u } = command;
  const outputs = command.outChannels;
  const inputs = command.inChannels;
  const transposed = command.transposed !== 0;
  for (let o = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++) {
      const start = w + (transposed ? i * outputs + o : o * inputs + i) * TAPS * TAPS;
      const filter = f.slice(start, start + TAPS * TAPS);
      bothSides(filterMatrix, transposed ? filter.reverse() : filter).forEach((value, p) => {
        f[u + placeOf(p, o, i, outputs, inputs)] = value;
      });
    }
  }
};

const activate: Record<(typeof activations)[number], (x: number) => number> = {
  none: (x) => x,
  relu: (x) => Math.max(x, 0),
  sigmoid,
  tanh: Math.tanh,
};
const activationOf = activations.map((name) => activate[name]);

/** y = activation(conv(x, u) + bias), tile by tile. */
const winogradConv: ReferenceKernel = ({ f }, words, _floats, at) => {
  const command = readWinogradConv(words, at);
  const { x, u, bias, y, outChannels, outHeight, outWidth, padTop, padLeft } = command;
  const [batch, inChannels, h, w] = [command.batch, command.inChannels, command.height, command.width];
  const finish = activationOf[command.activation]!;

  for (let image = 0; image < batch; image++) {
    for (let top = 0; top < outHeight; top += TILE) {
      for (let left = 0; left < outWidth; left += TILE) {
        const inputs = upTo(inChannels).map((channel) =>
          bothSides(
            inputMatrix,
            squareAt(f, x + (image * inChannels + channel) * h * w, h, w, top - padTop, left - padLeft, PATCH),
          ),
        );
        for (let o = 0; o < outChannels; o++) {
          const products = upTo(PATCH * PATCH).map((p) =>
            inputs.reduce((sum, input, i) => sum + f[u + placeOf(p, o, i, outChannels, inChannels)]! * input[p]!, 0),
          );
          const offset = bias === 0 ? 0 : f[bias + o]!;
          bothSides(outputMatrix, products).forEach((value, p) => {
            const row = top + Math.floor(p / TILE);
            const column = left + (p % TILE);
            if (row < outHeight && column < outWidth) {
              f[y + ((image * outChannels + o) * outHeight + row) * outWidth + column] = finish(value + offset);
            }
          });
        }
      }
    }
  }
};

const transposeOf = (matrix: number[][]) => matrix[0]!.map((_, j) => matrix.map((row) => row[j]!));
const outputGradMatrix = transposeOf(outputMatrix);
const filterGradMatrix = transposeOf(filterMatrix);

/** The gradient with respect to u: over all tiles, transformed inputs times transformed gradients. */
const winogradGrad: ReferenceKernel = ({ f }, words, _floats, at) => {
  const command = readWinogradGrad(words, at);
  const { x, u, g, padTop, padLeft } = command;
  const [batch, inC, h, w] = [command.batch, command.inChannels, command.height, command.width];
  const [outC, outH, outW] = [command.outChannels, command.outHeight, command.outWidth];

  const sums = new Float64Array(PATCH * PATCH * outC * inC);
  for (let image = 0; image < batch; image++) {
    for (let top = 0; top < outH; top += TILE) {
      for (let left = 0; left < outW; left += TILE) {
        const inputs = upTo(inC).map((i) =>
          bothSides(inputMatrix, squareAt(f, x + (image * inC + i) * h * w, h, w, top - padTop, left - padLeft, PATCH)),
        );
        for (let o = 0; o < outC; o++) {
          const plane = g + (image * outC + o) * outH * outW;
          const gradient = bothSides(outputGradMatrix, squareAt(f, plane, outH, outW, top, left, TILE));
          gradient.forEach((value, p) => {
            for (let i = 0; i < inC; i++) sums[(p * outC + o) * inC + i]! += value * inputs[i]![p]!;
          });
        }
      }
    }
  }
  for (let p = 0; p < PATCH * PATCH; p++) {
    for (let o = 0; o < outC; o++) {
      for (let i = 0; i < inC; i++) f[u + placeOf(p, o, i, outC, inC)] = sums[(p * outC + o) * inC + i]!;
    }
  }
};

/** Gᵀ·u·G of every pair of channels. */
const winogradWeightGrad: ReferenceKernel = ({ f }, words, _floats, at) => {
  const command = readWinogradWeightGrad(words, at);
  const { u, w } = command;
  const [outputs, inputs] = [command.outChannels, command.inChannels];
  for (let o = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++) {
      const square = upTo(PATCH * PATCH).map((p) => f[u + placeOf(p, o, i, outputs, inputs)]!);
      bothSides(filterGradMatrix, square).forEach((value, tap) => {
        f[w + (o * inputs + i) * TAPS * TAPS + tap] = value;
      });
    }
  }
};

export const winogradKernels = {
  winogradWeights,
  winogradConv,
  winogradGrad,
  winogradWeightGrad,
} satisfies ReferenceKernels;
