/** Four hidden neurons learn XOR, which a perceptron cannot. */
import { F, manualSeed, nn, noGrad, optim, plot, tensor } from 'saraf';
import { goal, savePicture } from '../support/results.ts';
import { trainStep } from '../support/training.ts';

const STEPS = 1000;

const points = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
];
const truth = [0, 1, 1, 0];
const x = tensor(points);
const y = tensor(truth.map((value) => [value]));

manualSeed(1);
const model = new nn.Sequential(new nn.Linear(2, 4), new nn.Tanh(), new nn.Linear(4, 1), new nn.Sigmoid());
const optimizer = new optim.Adam(model.parameters(), { lr: 0.05 });
const step = trainStep(optimizer, () => F.binaryCrossEntropy(model.forward(x), y));
let loss = Number.NaN;
for (let i = 0; i < STEPS; i++) loss = step().item();

const told = noGrad(() => Array.from(model.forward(x).dataSync()));
console.log(`loss ${loss.toExponential(2)} after ${STEPS} steps`);
points.forEach(([a, b], i) => {
  console.log(`${a} xor ${b}: ${told[i]?.toFixed(3)}`);
});
savePicture('xor', plot.decisionBoundary(model, points, truth, { title: 'XOR', xLabel: 'a', yLabel: 'b' }));
const off = noGrad(() => model.forward(x).sub(y).abs().max().item());
goal('all four within 0.1', off < 0.1);
