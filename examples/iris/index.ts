/** Three species of iris: a Module 4-16-8-3 with a loop of its own, MLPClassifier with a report, and a grid search. */
import { data, F, gridSearch, MLPClassifier, manualSeed, metrics, nn, noGrad, optim, plot, type Tensor } from 'saraf';
import { goal, percent, savePicture } from '../support/results.ts';
import { trainStep } from '../support/training.ts';
import { flowers } from './flowers.ts';

const EPOCHS = 80;
/** 29 of 30. */
const GOAL = 29 / 30;

class Net extends nn.Module {
  readonly first = new nn.Linear(4, 16);
  readonly second = new nn.Linear(16, 8);
  readonly third = new nn.Linear(8, 3);

  forward(x: Tensor): Tensor {
    return this.third.forward(this.second.forward(this.first.forward(x).relu()).relu());
  }
}

manualSeed(1);
const { train, test, yTrain, yTest, targetNames } = await flowers();

const model = new Net();
const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
const loader = new data.DataLoader(new data.TensorDataset(train, yTrain), { batchSize: 16, shuffle: true, seed: 1 });
const step = trainStep(optimizer, (input: Tensor, wanted: Tensor) => F.crossEntropy(model.forward(input), wanted));
const losses: number[] = [];
for (let epoch = 0; epoch < EPOCHS; epoch++) {
  let total = 0;
  for (const [input, wanted] of loader) total += step(input, wanted).item() * wanted.numel;
  losses.push(total / yTrain.numel);
}
const predicted = noGrad(() => model.forward(test).argmax(1));
const accuracy = metrics.accuracy(yTest, predicted);
console.log(`Module 4-16-8-3: test accuracy ${percent(accuracy)}`);

const classifier = new MLPClassifier({ hiddenLayerSizes: [16, 8], solver: 'lbfgs', alpha: 0.1, seed: 1 }).fit(
  train,
  yTrain,
);
console.log(`MLPClassifier:\n${metrics.classificationReport(yTest, classifier.predict(test), { targetNames })}`);

// score.ts judges settings in worker threads, on a part of the training examples; the test examples are kept for the end.
const space = { hiddenLayerSizes: [[4], [16], [16, 8]], alpha: [1e-3, 0.1, 1] } as const;
const { bestParams, bestScore, results } = await gridSearch(space, new URL('./score.ts', import.meta.url));
const chosen = new MLPClassifier({ ...bestParams, solver: 'lbfgs', seed: 1 }).fit(train, yTrain).score(test, yTest);
console.log(
  `grid search: the best of ${results.length} is ${JSON.stringify(bestParams)}, ${percent(bestScore)}; test accuracy ${percent(chosen)}`,
);

savePicture('iris', plot.lines({ loss: losses }, { title: 'Module 4-16-8-3', xLabel: 'epoch' }));
savePicture(
  'iris-confusion',
  plot.confusion(metrics.confusionMatrix(yTest, predicted), { labels: targetNames, title: 'Iris' }),
);
goal(`the Module is right for ${percent(GOAL)}`, accuracy >= GOAL);
goal('MLPClassifier is right for 90.0 %', classifier.score(test, yTest) >= 0.9);
goal('the settings that the grid search chose are right for 90.0 %', chosen >= 0.9);
