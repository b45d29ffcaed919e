/** A model with branches: two inputs, a skip connection, a shared layer, drawn by nn.Graph and as a picture. */
import { data, LogisticRegression, manualSeed, metrics, nn, optim, plot, summary, Trainer } from 'saraf';
import { goal, percent, savePicture } from '../support/results.ts';

const GOAL = 0.9;
/** Of the 13 properties of a wine, the first ones are its acids and salts, the others its phenols, colour and proline. */
const FIRST = 5;

manualSeed(1);
const graph = new nn.Graph();
const acids = graph.input([FIRST]);
const phenols = graph.input([13 - FIRST]);
const left = graph.apply(new nn.ReLU(), graph.apply(new nn.Linear(FIRST, 16), acids));
const right = graph.apply(new nn.ReLU(), graph.apply(new nn.Linear(13 - FIRST, 16), phenols));
// Both branches go through the same layer.
const shared = new nn.Linear(16, 16);
const both = [left, right].map((branch) => graph.add(branch, graph.apply(new nn.Tanh(), graph.apply(shared, branch))));
const species = graph.apply(new nn.Linear(32, 3), graph.concat(both));
const model = graph.model({ inputs: [acids, phenols], outputs: [species] });
console.log(
  summary(model, [
    [1, FIRST],
    [1, 13 - FIRST],
  ]),
);

const { data: x, target: y, targetNames } = await data.wine();
const [xTrain, xTest, yTrain, yTest] = data.trainTestSplit(x, y, { testSize: 0.3, stratify: y, seed: 1 });
const scaler = new data.StandardScaler().fit(xTrain);
const halves = (rows: typeof x) =>
  scaler
    .transform(rows)
    .split([FIRST, 13 - FIRST], 1)
    .map((half) => half.clone());
const set = (rows: typeof x, classes: typeof y) => new data.TensorDataset(...halves(rows), classes);
const trainer = new Trainer(model, {
  optimizer: new optim.Adam(model.parameters(), { lr: 0.01 }),
  loss: 'crossEntropy',
  metrics: ['accuracy'],
});
await trainer.fit(set(xTrain, yTrain), { epochs: 40, batchSize: 16, verbose: false });
const { accuracy = 0 } = await trainer.evaluate(set(xTest, yTest));
const predicted = (await trainer.predict(halves(xTest))).argmax(1);
const line = new LogisticRegression().fit(scaler.transform(xTrain), yTrain).score(scaler.transform(xTest), yTest);
console.log(`test accuracy ${percent(accuracy)}, logistic regression ${percent(line)}`);
savePicture('functional-graph', plot.graph(model, { title: 'Two branches' }));
savePicture(
  'functional-graph-confusion',
  plot.confusion(metrics.confusionMatrix(yTest, predicted), { labels: targetNames }),
);
goal(`${percent(GOAL)} are right, and no fewer than with logistic regression`, accuracy >= GOAL && accuracy >= line);
goal('the shared layer counts once', model.parameters().length === 2 * 4);
