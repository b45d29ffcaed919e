/** Losses as functions of the error, and what outliers do to a line fitted with each. */
import { F, linspace, manualSeed, nn, optim, plot, randn, scope, type Tensor, tensor } from 'saraf';
import { goal, savePicture } from '../support/results.ts';
import { trainStep } from '../support/training.ts';

const STEPS = 1500;
const SLOPE = 2;

const none = { reduction: 'none' } as const;
const error = linspace(-3, 3, 121);
const zero = error.mul(0);
savePicture(
  'losses-regression',
  plot.lines(
    { MSE: F.mseLoss(error, zero, none), L1: F.l1Loss(error, zero, none), Huber: F.huberLoss(error, zero, none) },
    { x: error, title: 'Losses of an error', xLabel: 'error', yLabel: 'loss' },
  ),
);
const one = zero.add(1);
savePicture(
  'losses-classification',
  plot.lines(
    {
      'cross entropy': F.binaryCrossEntropyWithLogits(error, one, none),
      'squared error': F.mseLoss(error.sigmoid(), one, none),
      hinge: F.relu(one.sub(error)),
    },
    { x: error, title: 'Losses of a logit where the class is 1', xLabel: 'logit', yLabel: 'loss' },
  ),
);

manualSeed(1);
const x = linspace(-1, 1, 60).reshape([60, 1]);
// Every fifth point on the right is far too low.
const outliers = tensor(Array.from({ length: 60 }, (_, i) => [i > 30 && i % 5 === 0 ? -6 : 0]));
const y = x.mul(SLOPE).add(randn(60, 1).mul(0.1)).add(outliers);
/** Fits a line with a loss. Returns how far its slope is off. */
function fit(name: string, loss: (output: Tensor, target: Tensor) => Tensor): number {
  manualSeed(1);
  const line = new nn.Linear(1, 1);
  const step = trainStep(new optim.Adam(line.parameters(), { lr: 0.02 }), () => loss(line.forward(x), y));
  for (let i = 0; i < STEPS; i++) scope(() => void step());
  const slope = line.weight.item();
  console.log(`${name.padEnd(6)} slope ${slope.toFixed(3)}, truth ${SLOPE}`);
  return Math.abs(slope - SLOPE);
}
const off = {
  MSE: fit('MSE', F.mseLoss),
  L1: fit('L1', F.l1Loss),
  Huber: fit('Huber', (output, target) => F.huberLoss(output, target, { delta: 0.3 })),
};
goal('L1 and Huber ignore outliers: slope within 0.1', off.L1 < 0.1 && off.Huber < 0.1);
goal('MSE does not: slope more than 0.5 off', off.MSE > 0.5);
