/**
 * What the package must do in every runtime and through every bundler: train, save, load, share work among threads.
 * Plain JavaScript that does not know where it runs; `run` returns what it observed, or throws.
 */
import {
  compile,
  data,
  F,
  gradcheck,
  init,
  loadModel,
  manualSeed,
  memory,
  nn,
  noGrad,
  optim,
  runtimeInfo,
  saveModel,
  setNumThreads,
  tensor,
} from 'saraf';
import { gemm } from 'saraf/kernels';

function check(condition, what) {
  if (!condition) throw new Error(`failed: ${what}`);
}

/** Trains for this many steps with a compiled step; returns the first and the last loss. */
function train(model, loss, x, y, steps, lr) {
  const optimizer = new optim.Adam(model.parameters(), { lr });
  const step = compile((input, target) => {
    optimizer.zeroGrad();
    const value = loss(model.forward(input), target);
    value.backward();
    optimizer.step();
    return value;
  });
  const losses = Array.from({ length: steps }, () => step(x, y).item());
  step.dispose();
  return { first: losses[0], last: losses[steps - 1], optimizer };
}

function trainXor() {
  const x = tensor([0, 0, 0, 1, 1, 0, 1, 1], { shape: [4, 2] });
  const y = tensor([[0], [1], [1], [0]]);
  const model = new nn.Sequential(new nn.Linear(2, 8), new nn.Tanh(), new nn.Linear(8, 1), new nn.Sigmoid());
  const { last, optimizer } = train(model, F.binaryCrossEntropy, x, y, 200, 0.05);
  check(last < 0.05, `XOR is learnt: loss ${last}`);
  const bytes = saveModel(model, { optimizer, epoch: 200 });
  const copy = loadModel(bytes);
  const outputs = [model, copy.model].map((one) =>
    noGrad(() => one.forward(x))
      .toArray()
      .flat(),
  );
  check(
    outputs[0].every((value, i) => value === outputs[1][i]),
    'a loaded model computes the same',
  );
  check(copy.epoch === 200 && copy.optimizer !== null, 'the optimizer is loaded too');
  return { loss: last, bytes: bytes.length };
}

/** Horizontal and vertical bars, told apart by a convolution. */
function trainConv() {
  const pictures = Array.from({ length: 16 }, (_, n) =>
    Array.from({ length: 64 }, (_, i) => Number((n % 2 === 0 ? i >> 3 : i & 7) === n >> 1)),
  );
  const x = tensor(Float32Array.from(pictures.flat()), { shape: [16, 1, 8, 8] });
  const y = tensor(Int32Array.from(pictures, (_, n) => n % 2));
  const model = new nn.Sequential(
    new nn.Conv2d(1, 4, 3, { padding: 1 }),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Flatten(),
    new nn.Linear(64, 2),
  );
  const { last } = train(model, F.crossEntropy, x, y, 60, 0.02);
  check(last < 0.1, `a convolution learns: loss ${last}`);
  return last;
}

/** The sum of a sequence, learnt by an LSTM. */
function trainLstm() {
  const values = Float32Array.from({ length: 32 * 5 }, (_, i) => Math.sin(i * i));
  const sums = Array.from({ length: 32 }, (_, n) => [values.subarray(n * 5, n * 5 + 5).reduce((a, b) => a + b) / 5]);
  const lstm = new nn.LSTM(1, 8, { batchFirst: true });
  const head = new nn.Linear(8, 1);
  const model = new nn.ModuleList([lstm, head]);
  model.forward = (input) => head.forward(lstm.forward(input)[0].select(1, 4));
  const { first, last } = train(model, F.mseLoss, tensor(values, { shape: [32, 5, 1] }), tensor(sums), 80, 0.03);
  check(last < first / 10, `an LSTM learns: loss ${first} to ${last}`);
  return last;
}

function checkGradients() {
  const x = tensor([1, 2, 3, 4], { shape: [2, 2], requiresGrad: true });
  x.matmul(x).sum().backward();
  check(x.grad.toArray().join() === '7,11,9,13', 'gradients of a product');
  gradcheck((a) => a.tanh().mul(a).sum(), [tensor([0.3, -0.7, 1.1], { requiresGrad: true })]);
}

/** The same product on one thread and on all: the same bits. */
function checkThreads(threads) {
  const n = 384;
  const a = tensor(
    Float32Array.from({ length: n * n }, (_, i) => Math.sin(i)),
    { shape: [n, n] },
  );
  setNumThreads(1);
  const alone = a.matmul(a).dataSync();
  check(setNumThreads(threads) === threads, `${threads} threads are in use`);
  const shared = a.matmul(a).dataSync();
  check(
    alone.every((value, i) => value === shared[i]),
    'threads give the same bits',
  );
}

export async function run(options = {}) {
  const info = await init({ threads: 2, ...options });
  manualSeed(1);
  const xor = trainXor();
  const conv = trainConv();
  const lstm = trainLstm();
  checkGradients();
  if (info.threads > 1) checkThreads(info.threads);
  const { data: x } = await data.iris();
  check(x.shape.join() === '150,4', 'a data set that is loaded on demand');
  if (info.device === 'wasm') {
    const c = new Float32Array(1);
    gemm({ m: 1, n: 1, k: 2, a: Float32Array.of(1, 2), b: Float32Array.of(3, 4), c });
    check(c[0] === 11, 'saraf/kernels');
  }
  check(memory().bytesInUse > 0, 'memory is counted');
  return { ...runtimeInfo(), xor: xor.loss, conv, lstm, savedBytes: xor.bytes };
}
