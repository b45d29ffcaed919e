/** saraf's side of the whole networks. */
import type { Device, Tensor } from '../../src/index.ts';
import type { Prepared } from '../harness/types.ts';
import {
  NETWORK_CHECKED_STEPS,
  type NetworkLoss,
  type NetworkProblem,
  networkState,
  RECURRENT_UNITS,
  SENTIMENT_UNITS,
  wantedOf,
} from './network.ts';

type Saraf = typeof import('../../src/index.ts');

function convolutional({ nn }: Saraf) {
  const block = (inChannels: number, outChannels: number) => [
    new nn.Conv2d(inChannels, outChannels, 3, { padding: 1 }),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
  ];
  const blocks = [...block(1, 32), ...block(32, 64), ...block(64, 128)];
  return new nn.Sequential(...blocks, new nn.Flatten(), new nn.Linear(128 * 3 * 3, 10));
}

function perceptron({ nn }: Saraf) {
  const layers = [new nn.Linear(784, 128), new nn.ReLU(), new nn.Linear(128, 64), new nn.ReLU(), new nn.Linear(64, 10)];
  return new nn.Sequential(...layers);
}

/** A recurrent layer and a linear one, which makes a single number of the last step. */
function recurrent({ nn, select }: Saraf, layer: 'LSTM' | 'GRU' | 'RNN') {
  class Recurrent extends nn.Module {
    layer = new nn[layer](1, RECURRENT_UNITS, { batchFirst: true });
    head = new nn.Linear(RECURRENT_UNITS, 1);
    override forward(x: Tensor): Tensor {
      return this.head.forward(select(this.layer.forward(x)[0], 1, -1));
    }
  }
  return new Recurrent();
}

function sentiment({ nn, select }: Saraf, vocabulary: number) {
  class Sentiment extends nn.Module {
    words = new nn.Embedding(vocabulary, SENTIMENT_UNITS);
    layer = new nn.LSTM(SENTIMENT_UNITS, SENTIMENT_UNITS, { batchFirst: true });
    head = new nn.Linear(SENTIMENT_UNITS, 1);
    override forward(x: Tensor): Tensor {
      return this.head.forward(select(this.layer.forward(this.words.forward(x))[0], 1, -1));
    }
  }
  return new Sentiment();
}

/** One step of an LSTM as a cell, or as a layer over a sequence of one. */
function oneStep({ nn }: Saraf, kind: 'LSTM' | 'LSTMCell') {
  class OneStep extends nn.Module {
    layer = new nn[kind](SENTIMENT_UNITS, SENTIMENT_UNITS);
    override forward(x: Tensor): Tensor {
      return this.layer.forward(x)[0];
    }
  }
  return new OneStep();
}

function build(saraf: Saraf, { model, vocabulary = 0 }: NetworkProblem) {
  switch (model) {
    case 'mlp':
      return perceptron(saraf);
    case 'cnn':
      return convolutional(saraf);
    case 'resnet18':
      return saraf.models.resnet18();
    case 'lstm':
      return recurrent(saraf, 'LSTM');
    case 'gru':
      return recurrent(saraf, 'GRU');
    case 'rnn':
      return recurrent(saraf, 'RNN');
    case 'sentiment':
      return sentiment(saraf, vocabulary);
    case 'embedding':
      return new saraf.nn.Embedding(vocabulary, SENTIMENT_UNITS);
    case 'lstmCell':
      return oneStep(saraf, 'LSTMCell');
    case 'lstmLayer':
      return oneStep(saraf, 'LSTM');
  }
}

function lossOf({ F }: Saraf, { kind }: NetworkLoss, output: Tensor, wanted: Tensor): Tensor {
  if (kind === 'mean') return output.mean();
  if (kind === 'crossEntropy') return F.crossEntropy(output, wanted);
  const column = output.squeeze(1);
  return kind === 'mse' ? F.mseLoss(column, wanted) : F.binaryCrossEntropyWithLogits(column, wanted);
}

const dtypeOf = (data: Float32Array | Int32Array) => (data instanceof Int32Array ? 'int32' : 'float32');

/** A compiled training step on a device. */
export function sarafNetworkOn(saraf: Saraf, device: Device, problem: NetworkProblem): Prepared | undefined {
  const { compile, manualSeed, optim, scope, tensor } = saraf;
  const { loss: kind } = problem;
  if (kind === undefined) return undefined;
  manualSeed(1);
  const model = build(saraf, problem);
  scope(() => void model.loadStateDict(networkState(model.stateDict(), tensor)));
  model.to(device);
  const optimizer = new optim.Adam(model.parameters(), { lr: problem.lr });
  const x = tensor(problem.x, { shape: problem.inputShape, dtype: dtypeOf(problem.x), device });
  const wantedData = wantedOf(kind) ?? new Float32Array(1);
  const y = tensor(wantedData, { dtype: dtypeOf(wantedData), device });
  const step = compile((input: Tensor, wanted: Tensor): Tensor => {
    optimizer.zeroGrad();
    const loss = lossOf(saraf, kind, model.forward(input), wanted);
    loss.backward();
    optimizer.step();
    return loss;
  });
  const call = async () => {
    const [value = Number.NaN] = await scope(() => ({ loss: step(x, y).data() })).loss;
    return value;
  };
  return {
    run: call,
    output: async () => {
      const losses: number[] = [];
      for (let i = 0; i < NETWORK_CHECKED_STEPS; i++) losses.push(await call());
      return losses;
    },
    dispose: () => [step, x, y, model, optimizer].forEach((part) => void part.dispose()),
  };
}

export function sarafNetwork(saraf: Saraf, problem: NetworkProblem, compiled: boolean): Prepared {
  const { compile, manualSeed, noGrad, optim, scope, tensor } = saraf;
  manualSeed(1);
  const model = build(saraf, problem);
  scope(() => void model.loadStateDict(networkState(model.stateDict(), tensor)));
  const x = tensor(problem.x, { shape: problem.inputShape, dtype: dtypeOf(problem.x) });
  const { loss: kind } = problem;
  if (kind === undefined) {
    model.eval();
    const forward = (input: Tensor) => noGrad(() => model.forward(input));
    const call = compiled ? compile(forward) : forward;
    return {
      run: () => scope(() => void call(x)),
      output: () => scope(() => call(x).dataSync()),
      dispose: () => [x, model].forEach((t) => void t.dispose()),
    };
  }
  const wantedData = wantedOf(kind) ?? new Float32Array(1);
  const y = tensor(wantedData, { dtype: dtypeOf(wantedData) });
  const make = problem.optimizer === 'sgd' ? optim.SGD : optim.Adam;
  const optimizer = new make(model.parameters(), { lr: problem.lr });
  const step = (input: Tensor, wanted: Tensor): Tensor => {
    optimizer.zeroGrad();
    const loss = lossOf(saraf, kind, model.forward(input), wanted);
    loss.backward();
    optimizer.step();
    return loss;
  };
  const call = compiled ? compile(step) : step;
  return {
    run: () => scope(() => void call(x, y)),
    output: () => Array.from({ length: NETWORK_CHECKED_STEPS }, () => scope(() => call(x, y).item())),
    dispose: () => [x, y, model].forEach((t) => void t.dispose()),
  };
}
