/** The same work without a library: loops over typed arrays, in the order that walks memory along its rows. */

/** c[m,n] = a[m,k] · b[k,n] */
export function plainMatmul(a: Float32Array, b: Float32Array, c: Float32Array, m: number, k: number, n: number): void {
  c.fill(0);
  for (let i = 0; i < m; i++) {
    for (let p = 0; p < k; p++) {
      const left = a[i * k + p]!;
      for (let j = 0; j < n; j++) c[i * n + j]! += left * b[p * n + j]!;
    }
  }
}

/** 3×3 with a border of zeros; x is [inChannels, side, side], weight [outChannels, inChannels, 3, 3]. */
export function plainConv(
  x: Float32Array,
  weight: Float32Array,
  y: Float32Array,
  inChannels: number,
  outChannels: number,
  side: number,
): void {
  y.fill(0);
  for (let o = 0; o < outChannels; o++) {
    for (let i = 0; i < inChannels; i++) {
      for (let tap = 0; tap < 9; tap++) {
        const [dy, dx] = [Math.floor(tap / 3) - 1, (tap % 3) - 1];
        const w = weight[(o * inChannels + i) * 9 + tap]!;
        for (let row = Math.max(0, -dy); row < Math.min(side, side - dy); row++) {
          const from = (i * side + row + dy) * side + dx;
          const to = (o * side + row) * side;
          for (let column = Math.max(0, -dx); column < Math.min(side, side - dx); column++) {
            y[to + column]! += w * x[from + column]!;
          }
        }
      }
    }
  }
}

interface Layer {
  inputs: number;
  outputs: number;
  weight: Float32Array;
  bias: Float32Array;
  out: Float32Array;
  grad: Float32Array;
}

/** A network with ReLU between its layers, softmax cross-entropy and plain gradient descent. */
export class PlainNetwork {
  private readonly layers: Layer[];

  constructor(
    sizes: readonly number[],
    private readonly batch: number,
  ) {
    this.layers = sizes.slice(1).map((outputs, i) => {
      const inputs = sizes[i]!;
      return {
        inputs,
        outputs,
        weight: Float32Array.from({ length: inputs * outputs }, () => (Math.random() - 0.5) / Math.sqrt(inputs)),
        bias: new Float32Array(outputs),
        out: new Float32Array(batch * outputs),
        grad: new Float32Array(batch * outputs),
      };
    });
  }

  step(x: Float32Array, labels: Int32Array, lr: number): void {
    const { layers } = this;
    const inputOf = (i: number) => (i === 0 ? x : layers[i - 1]!.out);
    layers.forEach((layer, i) => void this.forward(layer, inputOf(i), i < layers.length - 1));
    this.softmaxGradient(layers.at(-1)!, labels);
    for (let i = layers.length - 1; i >= 0; i--) this.backward(layers[i]!, inputOf(i), layers[i - 1], lr);
  }

  private forward({ inputs, outputs, weight, bias, out }: Layer, x: Float32Array, relu: boolean): void {
    for (let row = 0; row < this.batch; row++) {
      for (let o = 0; o < outputs; o++) {
        let sum = bias[o]!;
        for (let i = 0; i < inputs; i++) sum += x[row * inputs + i]! * weight[o * inputs + i]!;
        out[row * outputs + o] = relu && sum < 0 ? 0 : sum;
      }
    }
  }

  private softmaxGradient({ out, grad, outputs }: Layer, labels: Int32Array): void {
    for (let row = 0; row < this.batch; row++) {
      const logits = out.subarray(row * outputs, (row + 1) * outputs);
      const largest = Math.max(...logits);
      let sum = 0;
      for (let i = 0; i < outputs; i++) sum += Math.exp(logits[i]! - largest);
      for (let i = 0; i < outputs; i++) {
        const share = Math.exp(logits[i]! - largest) / sum;
        grad[row * outputs + i] = (share - (i === labels[row] ? 1 : 0)) / this.batch;
      }
    }
  }

  /** Gives `below` its gradient, then updates this layer. */
  private backward(layer: Layer, x: Float32Array, below: Layer | undefined, lr: number): void {
    const { inputs, outputs, weight, bias, grad } = layer;
    below?.grad.fill(0);
    for (let row = 0; below !== undefined && row < this.batch; row++) {
      for (let o = 0; o < outputs; o++) {
        const g = grad[row * outputs + o]!;
        for (let i = 0; i < inputs; i++) below.grad[row * inputs + i]! += g * weight[o * inputs + i]!;
      }
      for (let i = 0; i < inputs; i++) if (x[row * inputs + i] === 0) below.grad[row * inputs + i] = 0;
    }
    for (let row = 0; row < this.batch; row++) {
      for (let o = 0; o < outputs; o++) {
        const g = lr * grad[row * outputs + o]!;
        bias[o]! -= g;
        for (let i = 0; i < inputs; i++) weight[o * inputs + i]! -= g * x[row * inputs + i]!;
      }
    }
  }
}
