/** Max pooling and batch normalisation as they are defined: the other contenders are checked against them. */
import type { PlanesProblem } from './types.ts';

/** Flat indices in x of the largest elements of 2×2 windows. */
function largest({ batch, channels, height, width, x }: PlanesProblem): Int32Array {
  const [rows, columns] = [height >> 1, width >> 1];
  return Int32Array.from({ length: batch * channels * rows * columns }, (_, i) => {
    const column = i % columns;
    const row = Math.floor(i / columns) % rows;
    const start = Math.floor(i / (rows * columns)) * height * width + 2 * row * width + 2 * column;
    return [1, width, width + 1].reduce((best, step) => (x[start + step]! > x[best]! ? start + step : best), start);
  });
}

/** The gradient of batch normalisation for x in training, without weights. */
function normGradient({ batch, channels, height, width, x, g }: PlanesProblem): Float32Array {
  const spatial = height * width;
  const n = batch * spatial;
  const gx = new Float32Array(x.length);
  for (let c = 0; c < channels; c++) {
    const at = Array.from({ length: n }, (_, i) => (Math.floor(i / spatial) * channels + c) * spatial + (i % spatial));
    const mean = at.reduce((sum, i) => sum + x[i]!, 0) / n;
    const rstd = 1 / Math.sqrt(at.reduce((sum, i) => sum + (x[i]! - mean) ** 2, 0) / n + 1e-5);
    const normal = (i: number) => (x[i]! - mean) * rstd;
    const a = at.reduce((sum, i) => sum + g[i]!, 0) / n;
    const b = at.reduce((sum, i) => sum + g[i]! * normal(i), 0) / n;
    for (const i of at) gx[i] = rstd * (g[i]! - a - normal(i) * b);
  }
  return gx;
}

export function plainPlanes(problem: PlanesProblem): Float32Array {
  const { op, x, g } = problem;
  if (op === 'batchNormTraining') return normGradient(problem);
  const indices = largest(problem);
  if (op === 'maxPool') return Float32Array.from(indices, (i) => x[i]!);
  const gx = new Float32Array(x.length);
  indices.forEach((i, o) => {
    gx[i] = gx[i]! + g[o]!;
  });
  return gx;
}
