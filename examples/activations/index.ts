/** Activations, their derivatives, and how well a small network learns with each. */
import { data, F, grad, linspace, manualSeed, nn, noGrad, optim, plot, type Tensor, tensor } from 'saraf';
import { goal, percent, savePicture } from '../support/results.ts';
import { trainStep } from '../support/training.ts';

const STEPS = 300;
const GOAL = 0.9;

const activations: Record<string, () => nn.Layer> = {
  sigmoid: () => new nn.Sigmoid(),
  tanh: () => new nn.Tanh(),
  arctan: () => new nn.ArcTan(),
  ReLU: () => new nn.ReLU(),
  'leaky ReLU': () => new nn.LeakyReLU({ negativeSlope: 0.1 }),
  ELU: () => new nn.ELU(),
  GELU: () => new nn.GELU(),
  SiLU: () => new nn.SiLU(),
};

const [low, high, count] = [-4, 4, 161];
const z = linspace(low, high, count);
const values: Record<string, Tensor> = {};
const slopes: Record<string, Tensor> = {};
let apart = 0;
const H = 1e-2;
for (const [name, make] of Object.entries(activations)) {
  const layer = make();
  const input = tensor(z.dataSync(), { requiresGrad: true });
  const output = layer.forward(input);
  values[name] = output.detach();
  const slope = grad(output.sum(), input)[0]!;
  slopes[name] = slope;
  // Finite differences, away from the kinks at 0.
  const differences = noGrad(() =>
    layer
      .forward(z.add(H))
      .sub(layer.forward(z.sub(H)))
      .div(2 * H),
  );
  const off = noGrad(() =>
    differences
      .sub(slope)
      .abs()
      .mul(
        z
          .abs()
          .gt(2 * H)
          .to('float32'),
      )
      .max()
      .item(),
  );
  apart = Math.max(apart, off);
}
savePicture('activations', plot.lines(values, { x: z, title: 'Activations', xLabel: 'z' }));
savePicture('activations-slopes', plot.lines(slopes, { x: z, title: 'Their derivatives', xLabel: 'z' }));
goal('derivatives agree with finite differences to 0.001', apart < 1e-3);

const [x, y] = data.makeMoons(300, { noise: 0.15, seed: 2 });
const classes = y.to('int32');
const losses: Record<string, number[]> = {};
let worst = 1;
for (const [name, make] of Object.entries(activations)) {
  manualSeed(3);
  const model = new nn.Sequential(new nn.Linear(2, 16), make(), new nn.Linear(16, 16), make(), new nn.Linear(16, 2));
  const step = trainStep(new optim.Adam(model.parameters(), { lr: 0.02 }), () =>
    F.crossEntropy(model.forward(x), classes),
  );
  const curve = Array.from({ length: STEPS }, () => step().item());
  losses[name] = curve;
  const right = noGrad(() => model.forward(x).argmax(1).eq(classes).to('float32').mean().item());
  worst = Math.min(worst, right);
  console.log(`${name.padEnd(10)} loss ${curve.at(-1)?.toFixed(4)}, right ${percent(right)}`);
}
savePicture(
  'activations-training',
  plot.lines(losses, { title: 'Learning two moons', xLabel: 'step', yLabel: 'loss' }),
);
goal(`each network is right for ${percent(GOAL)} of the points`, worst >= GOAL);
