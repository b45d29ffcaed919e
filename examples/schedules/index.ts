/** Learning rates that change by epoch, and their effect on the same network for digits. */
import { data, LRScheduler, manualSeed, nn, optim, plot, Trainer } from 'saraf';
import { goal, last, percent, savePicture } from '../support/results.ts';

const EPOCHS = 20;
const LR = 0.2;
const GOAL = 0.93;

const { lrScheduler } = optim;
const schedules: Record<string, (optimizer: optim.SGD) => optim.lrScheduler.LRScheduler> = {
  constant: (o) => new lrScheduler.LambdaLR(o, { lrLambda: () => 1 }),
  steps: (o) => new lrScheduler.StepLR(o, { stepSize: 6, gamma: 0.4 }),
  exponential: (o) => new lrScheduler.ExponentialLR(o, { gamma: 0.88 }),
  cosine: (o) => new lrScheduler.CosineAnnealingLR(o, { tMax: EPOCHS }),
  'warm-up, cosine': (o) => new lrScheduler.WarmupCosineLR(o, { warmupEpochs: 4, totalEpochs: EPOCHS }),
  'one cycle': (o) => new lrScheduler.OneCycleLR(o, { maxLr: LR, totalSteps: EPOCHS + 1, cycleMomentum: false }),
};

const { data: pixels, target } = await data.digits();
const [xTrain, xTest, yTrain, yTest] = data.trainTestSplit(pixels.div(16), target, {
  testSize: 500,
  seed: 1,
  stratify: target,
});
const rates: Record<string, number[]> = {};
const losses: Record<string, number[]> = {};
let worst = 1;
for (const [name, make] of Object.entries(schedules)) {
  manualSeed(1);
  const model = new nn.Sequential(new nn.Linear(64, 32), new nn.ReLU(), new nn.Linear(32, 10));
  const optimizer = new optim.SGD(model.parameters(), { lr: LR });
  const used: number[] = [];
  const callbacks = [
    { onEpochBegin: () => void used.push(...optimizer.paramGroups.map(({ lr }) => lr)) },
    new LRScheduler(make(optimizer)),
  ];
  const trainer = new Trainer(model, { optimizer, loss: 'crossEntropy', metrics: ['accuracy'] });
  const options = { epochs: EPOCHS, validationData: [xTest, yTest], callbacks, verbose: false } as const;
  const { valLoss = [], valAccuracy = [] } = await trainer.fit(xTrain, yTrain, options);
  rates[name] = used;
  losses[name] = valLoss;
  const accuracy = last(valAccuracy);
  worst = Math.min(worst, accuracy);
  console.log(`${name.padEnd(16)} test loss ${last(valLoss).toFixed(4)}, accuracy ${percent(accuracy)}`);
}
savePicture('schedules', plot.lines(rates, { title: 'Learning rates', xLabel: 'epoch', yLabel: 'learning rate' }));
savePicture('schedules-losses', plot.lines(losses, { title: 'Test losses', xLabel: 'epoch', yScale: 'log' }));
const near = (a: number | undefined, b: number) => a !== undefined && Math.abs(a - b) < 1e-9;
goal('steps: 0.4 times the rate after 6 epochs', near(rates.steps?.[6], LR * 0.4));
goal('cosine: half the rate after half of the epochs', near(rates.cosine?.[EPOCHS / 2], LR / 2));
goal(`each network is right for ${percent(GOAL)}`, worst >= GOAL);
