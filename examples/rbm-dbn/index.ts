/** Boltzmann machines learn digits without labels, two of them stacked make a network that needs few. */
import { cat, compile, data, F, manualSeed, nn, noGrad, optim, plot, scope, type Tensor, Trainer } from 'saraf';
import { goal, percent, savePicture } from '../support/results.ts';

const EPOCHS = 150;
const LABELLED = 50;
/** Networks with few labels differ by which these are: the mean of as many draws counts. */
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
const errors = { 'first machine': learn(first, xTrain), 'second machine': [] as number[] };
errors['second machine'] = learn(
  second,
  noGrad(() => first.sampleHidden(xTrain).probabilities),
);

/** A network of the machines' sizes; with their weights or with random ones. */
function network(machines: nn.RBM[] | null): nn.Sequential {
  const layers = [new nn.Linear(64, 128), new nn.Linear(128, 64)] as const;
  noGrad(() => {
    machines?.forEach(({ weight, hidden_bias }, i) => {
      layers[i]!.weight.copy_(weight);
      layers[i]!.bias!.copy_(hidden_bias);
    });
  });
  return new nn.Sequential(layers[0], new nn.Sigmoid(), layers[1], new nn.Sigmoid(), new nn.Linear(64, 10));
}

async function score(machines: nn.RBM[] | null, x: Tensor, y: Tensor, epochs: number): Promise<number> {
  manualSeed(2);
  const model = network(machines);
  const trainer = new Trainer(model, {
    optimizer: new optim.Adam(model.parameters(), { lr: 0.003 }),
    loss: 'crossEntropy',
    metrics: ['accuracy'],
  });
  await trainer.fit(x, y, { epochs, batchSize: 20, verbose: false });
  return (await trainer.evaluate(xTest, yTest)).accuracy!;
}
let [few, random] = [0, 0];
for (let seed = 1; seed <= DRAWS; seed++) {
  const split = { trainSize: LABELLED, stratify: yTrain, seed };
  const [xFew, , yFew] = data.trainTestSplit(xTrain, yTrain, split);
  few += (await score([first, second], xFew, yFew, 80)) / DRAWS;
  random += (await score(null, xFew, yFew, 80)) / DRAWS;
}
const all = await score([first, second], xTrain, yTrain, 20);
console.log(`${LABELLED} labels: ${percent(few)} with the machines' weights, ${percent(random)} with random ones`);
console.log(`all labels: ${percent(all)}`);

const shown = xTest.slice(0, 0, SHOWN);
const drawn = noGrad(() => first.sampleVisible(first.sampleHidden(shown).probabilities).probabilities);
const filters = noGrad(() => first.weight.slice(0, 0, 4 * SHOWN).reshape([4 * SHOWN, 8, 8]));
savePicture(
  'rbm-dbn',
  plot.images(cat([shown, drawn], 0).reshape([2 * SHOWN, 8, 8]), {
    columns: SHOWN,
    title: 'Digits, and what the machine makes of them',
  }),
);
savePicture('rbm-dbn-filters', plot.images(filters, { columns: SHOWN, title: 'What hidden units look for' }));
savePicture(
  'rbm-dbn-errors',
  plot.lines(errors, { title: 'Reconstruction', xLabel: 'epoch', yLabel: 'mean squared error' }),
);
const [error, mean] = noGrad(() => [
  F.mseLoss(first.sampleVisible(first.sampleHidden(xTest).probabilities).probabilities, xTest).item(),
  F.mseLoss(xTrain.mean(0, { keepdim: true }).expand(xTest.shape[0]!, 64), xTest).item(),
]);
console.log(`mean squared error of a pixel: ${error!.toFixed(4)}; of the mean digit: ${mean!.toFixed(4)}`);
goal("the machine's digits are less than half as wrong as the mean digit", error! < mean! / 2);
goal('with few labels the machines help', few > random);
goal('with all labels 94.0 % are right', all >= 0.94);
