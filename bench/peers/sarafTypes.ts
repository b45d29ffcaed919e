/** The part of saraf's public interface that the benchmarks use. */

export interface Tensor {
  T: Tensor;
  matmul(other: Tensor): Tensor;
  add(other: Tensor): Tensor;
  exp(): Tensor;
  backward(): void;
  dataSync(): Float32Array;
  item(): number;
  dispose(): void;
}

export interface Module {
  forward(x: Tensor): Tensor;
  parameters(): Tensor[];
  loadStateDict(state: Record<string, Tensor>): unknown;
  to(device: string): unknown;
  dispose(): void;
}

type Loss = (prediction: Tensor, wanted: Tensor) => Tensor;
type Step = (x: Tensor, y: Tensor) => Tensor;

export interface Saraf {
  init(options: { threads: number }): Promise<{ simd: string; threads: number }>;
  tensor(
    data: Float32Array | Int32Array,
    options: { shape: number[]; dtype?: string; device?: string | undefined },
  ): Tensor;
  scope<T>(fn: () => T): T;
  noGrad<T>(fn: () => T): T;
  compile?(step: Step): Step;
  nn: {
    Linear: new (inputs: number, outputs: number) => Module;
    Sequential: new (...modules: Module[]) => Module;
  } & Record<'ReLU' | 'Sigmoid' | 'Tanh', new () => Module>;
  F: { softmax(x: Tensor, options: { dim: number }): Tensor; mseLoss: Loss; crossEntropy: Loss };
  optim: { SGD: new (parameters: Tensor[], options: { lr: number }) => { zeroGrad(): void; step(): void } };
}

interface Unary {
  x: Float32Array;
  y: Float32Array;
}

export interface Kernels {
  alloc(n: number): Float32Array;
  free(array: Float32Array): void;
  gemm(options: {
    m: number;
    n: number;
    k: number;
    a: Float32Array;
    b: Float32Array;
    c: Float32Array;
    transA: boolean;
    transB: boolean;
  }): void;
  exp(options: Unary): void;
  add(options: { a: Float32Array; b: Float32Array; y: Float32Array }): void;
  softmax(options: Unary & { rows: number; cols: number }): void;
  sum(options: { x: Float32Array }): number;
}
