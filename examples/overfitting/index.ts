/** A network too large for few noisy examples, and three remedies: early stopping, dropout, L2. */
import { type Callback, data, EarlyStopping, manualSeed, nn, optim, plot, Trainer } from 'saraf';
import { goal, last, percent, savePicture } from '../support/results.ts';

const EPOCHS = 200;

const [x, y] = data.makeMoons(80, { noise: 0.35, seed: 4 });
const [xTest, yTest] = data.makeMoons(1000, { noise: 0.35, seed: 5 });
const validationData = [xTest, yTest.to('int32')] as const;

interface Remedy {
  dropout?: number;
  weightDecay?: number;
  callbacks?: Callback[];
}

async function train({ dropout = 0, weightDecay = 0, callbacks = [] }: Remedy) {
  manualSeed(1);
  const block = (n: number) => [new nn.Linear(n, 128), new nn.ReLU(), new nn.Dropout(dropout)];
  const model = new nn.Sequential(...block(2), ...block(128), new nn.Linear(128, 2));
  const optimizer = new optim.AdamW(model.parameters(), { lr: 0.005, weightDecay });
  const trainer = new Trainer(model, { optimizer, loss: 'crossEntropy', metrics: ['accuracy'] });
  const options = { epochs: EPOCHS, validationData, callbacks, verbose: false };
  const { loss, valLoss = [] } = await trainer.fit(x, y.to('int32'), options);
  const test = await trainer.evaluate(...validationData);
  return { model, loss, valLoss, testLoss: test.loss ?? Number.NaN, accuracy: test.accuracy ?? 0 };
}

const stopping = new EarlyStopping({ patience: 15, restoreBestWeights: true });
const plain = await train({});
const others = {
  'early stopping': await train({ callbacks: [stopping] }),
  dropout: await train({ dropout: 0.5 }),
  L2: await train({ weightDecay: 1 }),
};
for (const [name, { loss, testLoss, accuracy }] of Object.entries({ none: plain, ...others })) {
  console.log(
    `${name.padEnd(15)} ${loss.length} epochs, training loss ${last(loss).toFixed(3)}, test loss ${testLoss.toFixed(3)}, test accuracy ${percent(accuracy)}`,
  );
}
const { loss, valLoss } = plain;
savePicture(
  'overfitting',
  plot.lines({ loss, valLoss }, { title: 'Without a remedy', xLabel: 'epoch', yLabel: 'loss' }),
);
const curves = Object.entries(others).map(([name, remedy]) => [name, remedy.valLoss]);
savePicture(
  'overfitting-remedies',
  plot.lines(
    { none: valLoss, ...Object.fromEntries(curves) },
    { title: 'Test losses', xLabel: 'epoch', yLabel: 'loss' },
  ),
);
const view = { title: 'Without a remedy, on its 80 examples' };
savePicture('overfitting-boundary', plot.decisionBoundary(plain.model, x, y, view));
goal('without a remedy the test loss ends above twice its best', last(valLoss) > 2 * Math.min(...valLoss));
goal('early stopping stops', stopping.stoppedEpoch !== null);
goal(
  'each remedy gives a lower test loss',
  Object.values(others).every(({ testLoss }) => testLoss < plain.testLoss),
);
