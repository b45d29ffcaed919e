/** Which clients of a bank will say yes, from categories and numbers; the clients are made up, and how they decide is known. */
import { data, EarlyStopping, init, manualSeed, metrics, nn, optim, plot, rand, randn, Trainer, tensor } from 'saraf';
import { goal, savePicture } from '../support/results.ts';

const CLIENTS = 20_000;
const JOBS = { admin: 0, 'blue-collar': -0.8, management: 0.3, retired: 1.2, student: 1.4, technician: -0.1 };
const MARITAL = { divorced: 0, married: -0.3, single: 0.3 };
const EDUCATION = { primary: -0.4, secondary: 0, tertiary: 0.5 };

await init({ threads: 'auto' });
manualSeed(1);

/** Clients, what they say, and how probable yes was: what nobody can know better. */
function makeClients(count: number) {
  const uniform = rand(count, 8).toArray() as number[][];
  const normal = randn(count, 2).toArray() as number[][];
  const pick = (table: Record<string, number>, u: number) =>
    Object.keys(table)[Math.floor(u * Object.keys(table).length)]!;
  return uniform.map((u, i) => {
    const [job, marital, education] = [pick(JOBS, u[0]!), pick(MARITAL, u[1]!), pick(EDUCATION, u[2]!)];
    const [housing, loan] = [u[3]! < 0.55 ? 'yes' : 'no', u[4]! < 0.2 ? 'yes' : 'no'];
    const [age, campaign] = [Math.round(18 + 60 * u[5]!), 1 + Math.floor(-2 * Math.log(1 - u[6]!))];
    const [balance, minutes] = [1500 + 1200 * normal[i]![0]!, Math.exp(1.2 + 0.7 * normal[i]![1]!)];
    const logit =
      -3.6 +
      JOBS[job as keyof typeof JOBS] +
      MARITAL[marital as keyof typeof MARITAL] +
      EDUCATION[education as keyof typeof EDUCATION] -
      (housing === 'yes' ? 0.9 : 0) -
      (loan === 'yes' ? 0.7 : 0) +
      // The young and the old rather than those between.
      ((age - 48) / 20) ** 2 +
      0.0003 * (balance - 1500) +
      1.1 * Math.log(minutes) -
      0.25 * campaign;
    const probability = 1 / (1 + Math.exp(-logit));
    return {
      categories: [job, marital, education, housing, loan],
      numbers: [age, balance, minutes, campaign],
      probability,
      answer: u[7]! < probability ? 1 : 0,
    };
  });
}

const [rest, test] = data.trainTestSplit(makeClients(CLIENTS), { testSize: 0.25, seed: 1 });
const [train, valid] = data.trainTestSplit(rest!, { testSize: 0.2, seed: 2 });
const encoder = new data.OneHotEncoder().fit(train!.map(({ categories }) => categories));
const scaler = new data.StandardScaler().fit(train!.map(({ numbers }) => numbers));
const prepared = (clients: typeof rest) => {
  const numbers = scaler.transform(clients.map((client) => client.numbers));
  const rows = encoder.transform(clients.map(({ categories }) => categories)).map((row, i) => [...row, ...numbers[i]!]);
  return [
    tensor(rows),
    tensor(
      clients.map(({ answer }) => answer),
      { dtype: 'int32' },
    ),
  ] as const;
};
const [xTrain, yTrain] = prepared(train!);
const [xTest, yTest] = prepared(test!);
const share = train!.filter(({ answer }) => answer === 1).length / train!.length;
console.log(`${CLIENTS} clients, ${xTrain.shape[1]} features, ${(share * 100).toFixed(1)} % say yes`);

const model = new nn.Sequential(
  new nn.Linear(xTrain.shape[1]!, 32),
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
  validationData: prepared(valid!),
  callbacks: [new EarlyStopping({ patience: 5, restoreBestWeights: true })],
  verbose: false,
});
const scores = (await trainer.predict(xTest, { batchSize: 500 })).flatten();
const predicted = scores.gt(0.5).to('int32');
console.log(metrics.classificationReport(yTest, predicted, { targetNames: ['no', 'yes'] }));
const known = test!.map(({ probability }) => probability);
const [auc, best] = [metrics.rocAuc(yTest, scores), metrics.rocAuc(yTest, known)];
console.log(`AUC ${auc.toFixed(4)}; who knew the true probabilities would have ${best.toFixed(4)}`);
const curves = { network: metrics.rocCurve(yTest, scores), 'true probabilities': metrics.rocCurve(yTest, known) };
savePicture('bank-marketing', plot.roc(curves, { title: 'Clients who say yes' }));
savePicture('bank-marketing-training', plot.lines(history, { title: 'Training', xLabel: 'epoch', yLabel: 'loss' }));
goal('AUC above 0.8, and within 0.02 of the best possible', auc > 0.8 && best - auc < 0.02);
