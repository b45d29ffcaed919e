/** Two half moons: logistic regression draws a line, a multilayer perceptron a curve. */
import { data, LogisticRegression, manualSeed, nn, optim, plot, Trainer } from 'saraf';
import { goal, percent, savePicture } from '../support/results.ts';

const EPOCHS = 60;
const GOAL = 0.95;

manualSeed(1);
const [x, y] = data.makeMoons(600, { noise: 0.15, seed: 1 });
const [xTrain, xTest, yTrain, yTest] = data.trainTestSplit(x, y, { testSize: 1 / 3, seed: 1 });

const line = new LogisticRegression().fit(xTrain, yTrain);
const lineScore = line.score(xTest, yTest);

const model = new nn.Sequential(
  new nn.Linear(2, 16),
  new nn.ReLU(),
  new nn.Linear(16, 16),
  new nn.ReLU(),
  new nn.Linear(16, 2),
);
const trainer = new Trainer(model, {
  optimizer: new optim.Adam(model.parameters(), { lr: 0.01 }),
  loss: 'crossEntropy',
  metrics: ['accuracy'],
});
await trainer.fit(xTrain, yTrain.to('int32'), { epochs: EPOCHS, verbose: false });
const { accuracy = 0 } = await trainer.evaluate(xTest, yTest.to('int32'));

console.log(`test accuracy: logistic regression ${percent(lineScore)}, perceptron 2-16-16-2 ${percent(accuracy)}`);
savePicture('moons-logistic', plot.decisionBoundary(line, xTest, yTest, { title: 'Logistic regression' }));
savePicture('moons-mlp', plot.decisionBoundary(model, xTest, yTest, { title: 'Multilayer perceptron' }));
goal(
  `the perceptron is right for ${percent(GOAL)}, and more often than the line`,
  accuracy >= GOAL && accuracy > lineScore,
);
