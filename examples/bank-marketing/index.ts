/** Which clients of a bank will say yes, from categories and numbers; the clients are made up, so the true probabilities are known. */
import {
  data,
  EarlyStopping,
  init,
  manualSeed,
  metrics,
  nn,
  optim,
  plot,
  rand,
  randn,
  type Tensor,
  Trainer,
  tensor,
} from 'saraf';
import { goal, savePicture } from '../support/results.ts';

const CLIENTS = 20_000;
const JOBS = { admin: 0, 'blue-collar': -0.8, management: 0.3, retired: 1.2, student: 1.4, technician: -0.1 };
const MARITAL = { divorced: 0, married: -0.3, single: 0.3 };
const EDUCATION = { primary: -0.4, secondary: 0, tertiary: 0.5 };

await init({ threads: 'auto' });
manualSeed(1);

/** A function that returns a tensor's elements one by one. */
function reader(numbers: Tensor): () => number {
  const values = numbers.dataSync().values();
  return () => values.next().value ?? 0;
}

/** Clients with their answers, and the probability of a yes: nothing can predict better. */
function makeClients(count: number) {
  const uniform = reader(rand(8 * count));
  const normal = reader(randn(2 * count));
  /** A category and its part of the logit. */
  const pick = (table: Record<string, number>): [string, number] => {
    const entries = Object.entries(table);
    return entries[Math.floor(uniform() * entries.length)] ?? ['', 0];
  };
  return Array.from({ length: count }, () => {
    const [[job, byJob], [marital, byMarital], [education, byEducation]] = [pick(JOBS), pick(MARITAL), pick(EDUCATION)];
    const [housing, loan] = [uniform() < 0.55 ? 'yes' : 'no', uniform() < 0.2 ? 'yes' : 'no'];
    const [age, campaign] = [Math.round(18 + 60 * uniform()), 1 + Math.floor(-2 * Math.log(1 - uniform()))];
    const [balance, minutes] = [1500 + 1200 * normal(), Math.exp(1.2 + 0.7 * normal())];
    const logit =
      -3.6 +
      byJob +
      byMarital +
      byEducation -
      (housing === 'yes' ? 0.9 : 0) -
      (loan === 'yes' ? 0.7 : 0) +
      // The young and the old say yes more often than those in between.
      ((age - 48) / 20) ** 2 +
      0.0003 * (balance - 1500) +
      1.1 * Math.log(minutes) -
      0.25 * campaign;
    const probability = 1 / (1 + Math.exp(-logit));
    return {
      categories: [job, marital, education, housing, loan],
      numbers: [age, balance, minutes, campaign],
      probability,
      answer: uniform() < probability ? 1 : 0,
    };
  });
}

const [rest, test] = data.trainTestSplit(makeClients(CLIENTS), { testSize: 0.25, seed: 1 });
const [train, valid] = data.trainTestSplit(rest, { testSize: 0.2, seed: 2 });
const encoder = new data.OneHotEncoder().fit(train.map(({ categories }) => categories));
const scaler = new data.StandardScaler().fit(train.map(({ numbers }) => numbers));
const prepared = (clients: typeof rest) => {
  const numbers = scaler.transform(clients.map((client) => client.numbers));
  const categories = encoder.transform(clients.map((client) => client.categories));
  const rows = categories.map((row, i) => [...row, ...(numbers[i] ?? [])]);
  return [
    tensor(rows),
    tensor(
      clients.map(({ answer }) => answer),
      { dtype: 'int32' },
    ),
  ] as const;
};
const [xTrain, yTrain] = prepared(train);
const [xTest, yTest] = prepared(test);
const [, features = 0] = xTrain.shape;
const share = train.filter(({ answer }) => answer === 1).length / train.length;
console.log(`${CLIENTS} clients, ${features} features, ${(share * 100).toFixed(1)} % say yes`);

const model = new nn.Sequential(
  new nn.Linear(features, 32),
  new nn.ReLU(),
  new nn.Linear(32, 16),
  new nn.ReLU(),
  new nn.Linear(16, 1),
  new nn.Sigmoid(),
);
const trainer = new Trainer(model, {
  optimizer: new optim.Adam(model.parameters(), { lr: 0.002, weightDecay: 1e-3 }),
  loss: 'binaryCrossEntropy',
});
const history = await trainer.fit(xTrain, yTrain, {
  epochs: 40,
  batchSize: 64,
  validationData: prepared(valid),
  callbacks: [new EarlyStopping({ patience: 5, restoreBestWeights: true })],
  verbose: false,
});
const scores = (await trainer.predict(xTest, { batchSize: 500 })).flatten();
const predicted = scores.gt(0.5).to('int32');
console.log(metrics.classificationReport(yTest, predicted, { targetNames: ['no', 'yes'] }));
const known = test.map(({ probability }) => probability);
const [auc, best] = [metrics.rocAuc(yTest, scores), metrics.rocAuc(yTest, known)];
console.log(`AUC ${auc.toFixed(4)}; the true probabilities would reach ${best.toFixed(4)}`);
const curves = { network: metrics.rocCurve(yTest, scores), 'true probabilities': metrics.rocCurve(yTest, known) };
savePicture('bank-marketing', plot.roc(curves, { title: 'Clients who say yes' }));
savePicture('bank-marketing-training', plot.lines(history, { title: 'Training', xLabel: 'epoch', yLabel: 'loss' }));
goal('AUC above 0.8, and within 0.02 of the best possible', auc > 0.8 && best - auc < 0.02);
