/** Backpropagation on paper against autograd, and a tanh network through 11 points. */
import { F, manualSeed, nn, noGrad, optim, plot, tensor } from 'saraf';
import { goal, savePicture } from '../support/results.ts';
import { trainStep } from '../support/training.ts';

/** y = v₁·arctan(w₁·x + b₁) + v₂·arctan(w₂·x + b₂), loss (y − t)² / 2. */
const units = [
  { w: 0.4, b: 0.2, v: 0.9 },
  { w: -0.7, b: 0.1, v: 0.5 },
];
const [x, target] = [1.5, 0.3];

const error = units.reduce((sum, { w, b, v }) => sum + v * Math.atan(w * x + b), 0) - target;
const byHand = units.map(({ w, b, v }) => {
  const z = w * x + b;
  // arctan'(z) = 1 / (1 + z²)
  const delta = (error * v) / (1 + z * z);
  return { w: delta * x, b: delta, v: error * Math.atan(z) };
});

const parameter = (values: number[]) => tensor(values, { requiresGrad: true });
const w = parameter(units.map((unit) => unit.w));
const b = parameter(units.map((unit) => unit.b));
const v = parameter(units.map((unit) => unit.v));
v.mul(w.mul(x).add(b).atan()).sum().sub(target).square().div(2).backward();
const pairs = {
  w: [byHand.map((unit) => unit.w), w.grad],
  b: [byHand.map((unit) => unit.b), b.grad],
  v: [byHand.map((unit) => unit.v), v.grad],
} as const;
let apart = 0;
for (const [name, [onPaper, gradient]] of Object.entries(pairs)) {
  const found = Array.from(gradient?.dataSync() ?? []);
  console.log(`∂L/∂${name}: on paper ${onPaper.map((g) => g.toFixed(6))}, autograd ${found.map((g) => g.toFixed(6))}`);
  apart = Math.max(apart, tensor(onPaper).sub(tensor(found)).abs().max().item());
}
goal('paper and autograd agree to a millionth', apart < 1e-6);

const xs = Array.from({ length: 11 }, (_, i) => -1 + i / 5);
const ys = xs.map((value) => Math.sin(Math.PI * value));
const column = (values: number[]) => tensor(values.map((value) => [value]));
manualSeed(1);
const model = new nn.Sequential(new nn.Linear(1, 5), new nn.Tanh(), new nn.Linear(5, 1));
const optimizer = new optim.Adam(model.parameters(), { lr: 0.02 });
const [inputs, targets] = [column(xs), column(ys)];
const step = trainStep(optimizer, () => F.mseLoss(model.forward(inputs), targets));
let mse = Number.NaN;
for (let i = 0; i < 3000; i++) mse = step().item();
const fine = Array.from({ length: 101 }, (_, i) => -1 + i / 50);
const told = noGrad(() => Array.from(model.forward(column(fine)).dataSync()));
const curves = { 'sin(πx)': fine.map((value) => Math.sin(Math.PI * value)), 'network, from 11 points': told };
savePicture('backprop-by-hand', plot.lines(curves, { x: fine, title: '1-5-1 with tanh', xLabel: 'x', yLabel: 'y' }));
console.log(`11 points: mean squared error ${mse.toExponential(2)}`);
goal('mean squared error below 0.001', mse < 1e-3);
