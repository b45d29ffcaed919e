/** Backpropagation on paper against autograd, and a tanh network through 11 points. */
import { F, grad, manualSeed, nn, noGrad, optim, plot, tensor } from 'saraf';
import { goal, savePicture } from '../support/results.ts';
import { trainStep } from '../support/training.ts';

/** y = v₁·arctan(w₁·x + b₁) + v₂·arctan(w₂·x + b₂), loss (y − t)² / 2. */
const start = { w: [0.4, -0.7], b: [0.2, 0.1], v: [0.9, 0.5] };
const [x, target] = [1.5, 0.3];

const z = start.w.map((w, i) => w * x + start.b[i]!);
const h = z.map(Math.atan);
const error = h.reduce((sum, value, i) => sum + value * start.v[i]!, 0) - target;
// arctan'(z) = 1 / (1 + z²)
const delta = z.map((value, i) => (error * start.v[i]!) / (1 + value * value));
const byHand = { w: delta.map((d) => d * x), b: delta, v: h.map((value) => error * value) };

const [w, b, v] = [start.w, start.b, start.v].map((list) => tensor(list, { requiresGrad: true }));
const loss = v!.mul(w!.mul(x).add(b!).atan()).sum().sub(target).square().div(2);
const found = grad(loss, [w!, b!, v!]).map((gradient) => Array.from(gradient!.dataSync()));
let apart = 0;
for (const [k, name] of (['w', 'b', 'v'] as const).entries()) {
  console.log(
    `∂L/∂${name}: on paper ${byHand[name].map((g) => g.toFixed(6))}, autograd ${found[k]!.map((g) => g.toFixed(6))}`,
  );
  byHand[name].forEach((g, i) => {
    apart = Math.max(apart, Math.abs(g - found[k]![i]!));
  });
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
