/** Two payments in a thousand are fraud: class weights, and a threshold chosen on held-out examples; the payments are made up. */
import {
  data,
  EarlyStopping,
  init,
  manualSeed,
  metrics,
  nn,
  noGrad,
  optim,
  plot,
  rand,
  randn,
  Trainer,
  tensor,
} from 'saraf';
import { goal, percent, savePicture } from '../support/results.ts';

const PAYMENTS = 100_000;
const SHARE = 0.002;
const FEATURES = 12;
/** How far frauds are from the rest, in standard deviations of a feature. */
const SHIFT = 3.2;

await init({ threads: 'auto' });
manualSeed(1);
const x = randn(PAYMENTS, FEATURES);
const kinds = rand(PAYMENTS)
  .dataSync()
  .subarray(0, PAYMENTS * SHARE);
const y = tensor(Int32Array.from({ length: PAYMENTS }, (_, i) => (i < kinds.length ? 1 : 0)));
// There are two kinds of fraud; each shows in four features, so that no line separates both.
noGrad(() => {
  for (const [i, kind] of kinds.entries()) {
    const payment = x.select(0, i);
    if (kind < 0.5) payment.slice(0, 0, 4).add_(SHIFT);
    else payment.slice(0, 4, 8).sub_(SHIFT);
  }
});
const [xRest, xTest, yRest, yTest] = data.trainTestSplit(x, y, { testSize: 0.3, stratify: y, seed: 1 });
const [xTrain, xValid, yTrain, yValid] = data.trainTestSplit(xRest, yRest, { testSize: 0.3, stratify: yRest, seed: 2 });

const model = new nn.Sequential(
  new nn.Linear(FEATURES, 32),
  new nn.ReLU(),
  new nn.Linear(32, 16),
  new nn.ReLU(),
  new nn.Linear(16, 1),
  new nn.Sigmoid(),
);
const optimizer = new optim.Adam(model.parameters(), { lr: 0.002, weightDecay: 1e-4 });
const trainer = new Trainer(model, { optimizer, loss: 'binaryCrossEntropy' });
await trainer.fit(xTrain, yTrain, {
  epochs: 12,
  batchSize: 256,
  classWeight: { 0: 1, 1: 20 },
  validationData: [xValid, yValid],
  callbacks: [new EarlyStopping({ patience: 4, restoreBestWeights: true })],
  verbose: false,
});
const scored = async (inputs: typeof x) => (await trainer.predict(inputs, { batchSize: 2000 })).flatten();

// The threshold with the best F1 among examples that the network has not learned from.
const curve = metrics.prCurve(yValid, await scored(xValid));
let [threshold, best] = [0.5, 0];
curve.thresholds.forEach((at, i) => {
  const [p = 0, r = 0] = [curve.precision[i], curve.recall[i]];
  if (p + r > 0 && (2 * p * r) / (p + r) > best) [threshold, best] = [at, (2 * p * r) / (p + r)];
});
const scores = await scored(xTest);
const predicted = scores.ge(threshold).to('int32');
const [precision, recall] = [metrics.precision(yTest, predicted), metrics.recall(yTest, predicted)];
console.log(`${PAYMENTS.toLocaleString('en')} payments, ${PAYMENTS * SHARE} frauds; threshold ${threshold.toFixed(4)}`);
console.log(
  `accuracy ${(100 * metrics.accuracy(yTest, predicted)).toFixed(2)} % says little: ${percent(1 - SHARE)} are not fraud`,
);
console.log(
  `precision ${percent(precision)}, recall ${percent(recall)}, average precision ${metrics.averagePrecision(yTest, scores).toFixed(3)}`,
);
savePicture(
  'fraud',
  plot.confusion(metrics.confusionMatrix(yTest, predicted), { labels: ['payment', 'fraud'], title: 'Test payments' }),
);
savePicture('fraud-roc', plot.roc(metrics.rocCurve(yTest, scores), { title: 'Frauds' }));
goal('precision above 90 %', precision > 0.9);
goal('recall above 80 %', recall > 0.8);
