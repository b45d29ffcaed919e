/**
 * Recurrent networks learn a sine curve: from 50 points in a row they predict the next one. Draws their predictions.
 *
 *     npx tsx examples/sine/index.ts [folder for the picture]
 */
import { compile, data, F, init, manualSeed, nn, noGrad, optim, plot, scope, type Tensor, tensor } from 'saraf';
import { savePicture } from '../support/results.ts';

const POINTS = 1000;
const END = 100;
const WINDOW = 50;
const EPOCHS = 30;
const BATCH_SIZE = 64;
const LEARNING_RATE = 0.01;
const TRAINED = 0.8;
const GOAL = 1e-3;

/** Reads a window and predicts the next point from its last state. */
class Forecast extends nn.Module {
  readonly output: nn.Linear;

  constructor(
    readonly recurrent: nn.RNN | nn.LSTM | nn.GRU,
    hiddenSize: number,
  ) {
    super();
    this.output = new nn.Linear(hiddenSize, 1);
  }

  forward(x: Tensor): Tensor {
    const [states] = this.recurrent.forward(x);
    return this.output.forward(states.select(1, WINDOW - 1));
  }
}

const options = { batchFirst: true };
const networks: Record<string, () => Forecast> = {
  'RNN h20': () => new Forecast(new nn.RNN(1, 20, options), 20),
  'LSTM h50': () => new Forecast(new nn.LSTM(1, 50, options), 50),
  'GRU h50': () => new Forecast(new nn.GRU(1, 50, options), 50),
};

await init({ threads: 'auto' });
const series = Array.from({ length: POINTS }, (_, i) => Math.sin((i * END) / (POINTS - 1)));
const windows = POINTS - WINDOW;
const x = tensor(Array.from({ length: windows }, (_, i) => series.slice(i, i + WINDOW).map((v) => [v])));
const y = tensor(series.slice(WINDOW).map((value) => [value]));
const cut = Math.floor(windows * TRAINED);
const train = new data.TensorDataset(x.slice(0, 0, cut).clone(), y.slice(0, 0, cut).clone());
const [testX, testY] = [x.slice(0, cut, windows).clone(), y.slice(0, cut, windows).clone()];

const forecasts: Record<string, number[]> = {};
for (const [name, build] of Object.entries(networks)) {
  manualSeed(1);
  const model = build();
  const optimizer = new optim.Adam(model.parameters(), { lr: LEARNING_RATE });
  const loader = new data.DataLoader(train, { batchSize: BATCH_SIZE, shuffle: true, seed: 1 });
  const step = compile((input: Tensor, wanted: Tensor) => {
    optimizer.zeroGrad();
    const loss = F.mseLoss(model.forward(input), wanted);
    loss.backward();
    optimizer.step();
    return loss;
  });
  const start = performance.now();
  for (let epoch = 0; epoch < EPOCHS; epoch++) for (const [input, wanted] of loader) step(input, wanted);
  const seconds = (performance.now() - start) / 1000;
  const error = scope(() => {
    const guess = noGrad(() => model.forward(testX));
    forecasts[name] = Array.from(guess.dataSync());
    return F.mseLoss(guess, testY).item();
  });
  console.log(`${name.padEnd(8)} test MSE ${error.toExponential(2)}, ${seconds.toFixed(1)} s`);
  if (!name.startsWith('RNN') && !(error < GOAL)) process.exitCode = 1;
}

const curves = { sine: series.slice(cut + WINDOW), ...forecasts };
savePicture('sine', plot.lines(curves, { title: 'The sine continued', xLabel: 'point', width: 900 }));
console.log(`Goal for LSTM and GRU: below ${GOAL}.`);
