/**
 * The problems of the benchmark in plain JavaScript, as one would write them: loops over Float32Arrays in an order that suits caches,
 * without further optimizations.
 */

/** C[m, n] = A[m, k]·B[k, n]. */
export function product(a: Float32Array, b: Float32Array, m: number, n: number, k: number): Float32Array {
  const c = new Float32Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let p = 0; p < k; p++) {
      const left = a[i * k + p]!;
      for (let j = 0; j < n; j++) c[i * n + j]! += left * b[p * n + j]!;
    }
  }
  return c;
}

/** The transpose of a matrix. */
function transposed(x: Float32Array, rows: number, cols: number): Float32Array {
  const y = new Float32Array(x.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) y[j * rows + i] = x[i * cols + j]!;
  return y;
}

/** x[m, k]·Wᵀ + bias, where W is [n, k]. */
function linear(x: Float32Array, w: Float32Array, bias: Float32Array, m: number): Float32Array {
  const n = bias.length;
  const k = w.length / n;
  const y = product(x, transposed(w, n, k), m, n, k);
  for (let i = 0; i < y.length; i++) y[i]! += bias[i % n]!;
  return y;
}

/** 3×3 convolution with padding 1: x [batch, inChannels, side, side], w [outChannels, inChannels, 3, 3]. */
export function convolution(
  x: Float32Array,
  w: Float32Array,
  bias: Float32Array,
  batch: number,
  inChannels: number,
  side: number,
): Float32Array {
  const outChannels = bias.length;
  const y = new Float32Array(batch * outChannels * side * side);
  for (let b = 0; b < batch; b++) {
    for (let o = 0; o < outChannels; o++) {
      const out = (b * outChannels + o) * side * side;
      y.fill(bias[o]!, out, out + side * side);
      for (let c = 0; c < inChannels; c++) {
        const plane = (b * inChannels + c) * side * side;
        for (let tap = 0; tap < 9; tap++) {
          const [dy, dx] = [Math.floor(tap / 3) - 1, (tap % 3) - 1];
          const weight = w[(o * inChannels + c) * 9 + tap]!;
          for (let row = Math.max(0, -dy); row < Math.min(side, side - dy); row++) {
            const from = plane + (row + dy) * side + dx;
            for (let col = Math.max(0, -dx); col < Math.min(side, side - dx); col++) {
              y[out + row * side + col]! += weight * x[from + col]!;
            }
          }
        }
      }
    }
  }
  return y;
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

export interface LstmWeights {
  wIh: Float32Array;
  wHh: Float32Array;
  bIh: Float32Array;
  bHh: Float32Array;
}

/** The last hidden state of an LSTM: x [steps, batch, inputs], gates in the order i, f, g, o. */
export function lstm(x: Float32Array, weights: LstmWeights, steps: number, batch: number): Float32Array {
  const { wIh, wHh, bIh, bHh } = weights;
  const hidden = bIh.length / 4;
  const inputs = x.length / steps / batch;
  let h = new Float32Array(batch * hidden);
  const c = new Float32Array(batch * hidden);
  for (let t = 0; t < steps; t++) {
    const input = linear(x.subarray(t * batch * inputs, (t + 1) * batch * inputs), wIh, bIh, batch);
    const back = linear(h, wHh, bHh, batch);
    h = new Float32Array(batch * hidden);
    for (let b = 0; b < batch; b++) {
      for (let j = 0; j < hidden; j++) {
        const gate = (g: number) => input[(b * 4 + g) * hidden + j]! + back[(b * 4 + g) * hidden + j]!;
        const at = b * hidden + j;
        c[at] = sigmoid(gate(1)) * c[at]! + sigmoid(gate(0)) * Math.tanh(gate(2));
        h[at] = sigmoid(gate(3)) * Math.tanh(c[at]!);
      }
    }
  }
  return h;
}

/** One step of stochastic gradient descent on a perceptron with one hidden ReLU layer and cross-entropy; changes the weights, returns the loss. */
export function trainingStep(
  x: Float32Array,
  labels: Int32Array,
  [w1, b1, w2, b2]: readonly [Float32Array, Float32Array, Float32Array, Float32Array],
  lr: number,
): number {
  const batch = labels.length;
  const [hidden, classes] = [b1.length, b2.length];
  const inputs = w1.length / hidden;
  const h = linear(x, w1, b1, batch).map((v) => Math.max(v, 0));
  const g = linear(h, w2, b2, batch);
  let loss = 0;
  for (let i = 0; i < batch; i++) {
    const row = g.subarray(i * classes, (i + 1) * classes);
    const max = row.reduce((a, b) => Math.max(a, b));
    const sum = row.reduce((s, v) => s + Math.exp(v - max), 0);
    loss -= (row[labels[i]!]! - max - Math.log(sum)) / batch;
    for (let j = 0; j < classes; j++) row[j] = (Math.exp(row[j]! - max) / sum - Number(j === labels[i])) / batch;
  }
  const gh = product(g, w2, batch, hidden, classes).map((v, i) => (h[i]! > 0 ? v : 0));
  descend(w2, product(transposed(g, batch, classes), h, classes, hidden, batch), lr);
  descend(b2, columnSums(g, classes), lr);
  descend(w1, product(transposed(gh, batch, hidden), x, hidden, inputs, batch), lr);
  descend(b1, columnSums(gh, hidden), lr);
  return loss;
}

function columnSums(x: Float32Array, cols: number): Float32Array {
  const sums = new Float32Array(cols);
  for (let i = 0; i < x.length; i++) sums[i % cols]! += x[i]!;
  return sums;
}

function descend(w: Float32Array, gradient: Float32Array, lr: number): void {
  for (let i = 0; i < w.length; i++) w[i]! -= lr * gradient[i]!;
}
