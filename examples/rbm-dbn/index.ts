/** Boltzmann machines learn digits without labels; two of them stacked make a network that needs few labels. */
import { cat, compile, data, F, manualSeed, nn, noGrad, optim, plot, scope, type Tensor, Trainer } from 'saraf';
import { goal, percent, savePicture } from '../support/results.ts';

const EPOCHS = 150;
const LABELLED = 50;
/** With few labels the result depends on which they are: the mean of this many draws counts. */
const DRAWS = 3;
const SHOWN = 10;

manualSeed(1);
const { data: pixels, target } = await data.digits();
const [xTrain, xTest, yTrain, yTest] = data.trainTestSplit(pixels.div(16), target, {
  testSize: 500,
  stratify: target,
  seed: 1,
});

function learn(rbm: nn.RBM, x: Tensor): number[] {
  const step = compile((batch: Tensor) => rbm.contrastiveDivergence(batch, { k: 1, lr: 0.05 }));
  const loader = new data.DataLoader(new data.TensorDataset(x), {
    batchSize: 16,
    shuffle: true,
    dropLast: true,
    seed: 1,
  });
  return Array.from({ length: EPOCHS }, () => {
    let total = 0;
    for (const [batch] of loader) total += scope(() => step(batch).item());
    return total / loader.length;
  });
}

const first = new nn.RBM(64, 128);
const second = new nn.RBM(128, 64);
const firstErrors = learn(first, xTrain);
const hidden = noGrad(() => first.sampleHidden(xTrain).probabilities);
const errors = { 'first machine': firstErrors, 'second machine': learn(second, hidden) };

/** A network of the machines' sizes, with their weights or with random ones. */
function network(isPretrained: boolean): nn.Sequential {
  const [lower, upper] = [new nn.Linear(64, 128), new nn.Linear(128, 64)];
  if (isPretrained) {
    lower.loadStateDict({ weight: first.weight, bias: first.hidden_bias });
    upper.loadStateDict({ weight: second.weight, bias: second.hidden_bias });
  }
  return new nn.Sequential(lower, new nn.Sigmoid(), upper, new nn.Sigmoid(), new nn.Linear(64, 10));
}

async function score(isPretrained: boolean, x: Tensor, y: Tensor, epochs: number): Promise<number> {
  manualSeed(2);
  const model = network(isPretrained);
  const trainer = new Trainer(model, {
    optimizer: new optim.Adam(model.parameters(), { lr: 0.003 }),
    loss: 'crossEntropy',
    metrics: ['accuracy'],
  });
  await trainer.fit(x, y, { epochs, batchSize: 20, verbose: false });
  const { accuracy = 0 } = await trainer.evaluate(xTest, yTest);
  return accuracy;
}

let [few, random] = [0, 0];
for (let seed = 1; seed <= DRAWS; seed++) {
  const split = { trainSize: LABELLED, stratify: yTrain, seed };
  const [xFew, , yFew] = data.trainTestSplit(xTrain, yTrain, split);
  few += (await score(true, xFew, yFew, 80)) / DRAWS;
  random += (await score(false, xFew, yFew, 80)) / DRAWS;
}
const all = await score(true, xTrain, yTrain, 20);
console.log(`${LABELLED} labels: ${percent(few)} with the machines' weights, ${percent(random)} with random ones`);
console.log(`all labels: ${percent(all)}`);

const shown = xTest.slice(0, 0, SHOWN);
const drawn = noGrad(() => first.sampleVisible(first.sampleHidden(shown).probabilities).probabilities);
const filters = noGrad(() => first.weight.slice(0, 0, 4 * SHOWN).reshape([4 * SHOWN, 8, 8]));
savePicture(
  'rbm-dbn',
  plot.images(cat([shown, drawn], 0).reshape([2 * SHOWN, 8, 8]), {
    columns: SHOWN,
    title: 'Digits, and their reconstructions',
  }),
);
savePicture('rbm-dbn-filters', plot.images(filters, { columns: SHOWN, title: 'Filters of hidden units' }));
savePicture(
  'rbm-dbn-errors',
  plot.lines(errors, { title: 'Reconstruction', xLabel: 'epoch', yLabel: 'mean squared error' }),
);
const { error, mean } = noGrad(() => ({
  error: F.mseLoss(first.sampleVisible(first.sampleHidden(xTest).probabilities).probabilities, xTest).item(),
  mean: F.mseLoss(xTrain.mean(0, { keepdim: true }).expand(xTest.shape), xTest).item(),
}));
console.log(`mean squared error per pixel: ${error.toFixed(4)}; of the mean digit: ${mean.toFixed(4)}`);
goal("the error of the machine's digits is less than half that of the mean digit", error < mean / 2);
goal('with few labels the machines help', few > random);
goal('with all labels 94.0 % are right', all >= 0.94);
