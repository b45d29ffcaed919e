/** What a network has learned from 30 % of the digits helps with another question: frozen layers, a new head, then fine tuning. */
import { data, manualSeed, nn, optim, plot, type Tensor, Trainer, tensor } from 'saraf';
import { goal, last, percent, savePicture } from '../support/results.ts';

const SHARE = 0.3;
const LABELLED = 60;
const GOAL = 0.9;

const makeFeatures = () =>
  new nn.Sequential(new nn.Linear(64, 64), new nn.ReLU(), new nn.Linear(64, 32), new nn.ReLU());
interface Plan {
  epochs: number;
  lr: number;
  validation: readonly [Tensor, Tensor];
}

/** Trains the parameters that are not frozen. Returns the accuracy on the validation examples after each epoch. */
async function train(model: nn.Module, inputs: Tensor, classes: Tensor, { epochs, lr, validation }: Plan) {
  const trained = model.parameters().filter((parameter) => parameter.requiresGrad);
  const optimizer = new optim.Adam(trained, { lr });
  const trainer = new Trainer(model, { optimizer, loss: 'crossEntropy', metrics: ['accuracy'] });
  const options = { epochs, batchSize: 16, validationData: validation, verbose: false };
  const { valAccuracy = [] } = await trainer.fit(inputs, classes, options);
  return valAccuracy;
}

export async function digits(): Promise<void> {
  manualSeed(1);
  const { data: pixels, target } = await data.digits();
  const x = pixels.div(16);
  const [xBase, xRest, yBase, yRest] = data.trainTestSplit(x, target, { trainSize: SHARE, stratify: target, seed: 1 });
  // The other question: is the digit odd? Only a few examples have an answer.
  const [xFew, xTest, yFew, yTest] = data.trainTestSplit(xRest, yRest, {
    trainSize: LABELLED,
    stratify: yRest,
    seed: 2,
  });
  const odd = (digits: Tensor) => tensor(Int32Array.from(digits.dataSync(), (digit) => digit % 2));

  const features = makeFeatures();
  const base = new nn.Sequential(features, new nn.Linear(32, 10));
  const learned = await train(base, xBase, yBase, { epochs: 40, lr: 0.003, validation: [xTest, yTest] });
  console.log(`ten digits, from ${xBase.shape[0]} examples: ${percent(last(learned))}`);

  const validation = [xTest, odd(yTest)] as const;
  const few = odd(yFew);
  const scratch = await train(new nn.Sequential(makeFeatures(), new nn.Linear(32, 2)), xFew, few, {
    epochs: 60,
    lr: 0.003,
    validation,
  });

  features.requiresGrad_(false);
  const copies = features.parameters().map((parameter) => ({ parameter, before: parameter.dataSync() }));
  const model = new nn.Sequential(features, new nn.Linear(32, 2));
  const frozen = await train(model, xFew, few, { epochs: 40, lr: 0.003, validation });
  const isUntouched = copies.every(({ parameter, before }) => {
    const after = parameter.dataSync();
    return before.every((value, i) => value === after[i]);
  });
  features.requiresGrad_(true);
  const tuned = await train(model, xFew, few, { epochs: 20, lr: 0.0003, validation });

  console.log(`odd or even, from ${LABELLED} examples: from scratch ${percent(last(scratch))}`);
  console.log(`with frozen layers ${percent(last(frozen))}, after fine tuning ${percent(last(tuned))}`);
  const curves = { 'from scratch': scratch, 'frozen, then fine tuning': [...frozen, ...tuned] };
  const words = { title: `Odd or even, from ${LABELLED} examples`, xLabel: 'epoch', yLabel: 'test accuracy' };
  savePicture('transfer', plot.lines(curves, words));
  goal('frozen layers stay as they were', isUntouched);
  goal(`after fine tuning ${percent(GOAL)} are right`, last(tuned) >= GOAL);
  goal('that is more than from scratch', last(tuned) > last(scratch));
}
