/** The ways of four optimizers down the banana valley of Rosenbrock's function. */
import { optim, plot, type Tensor, tensor } from 'saraf';
import { goal, savePicture } from '../support/results.ts';
import { trainStep } from '../support/training.ts';

const STEPS = 1500;
const START = [-1.3, 2];

const height = (x: number, y: number) => (1 - x) ** 2 + 20 * (y - x * x) ** 2;
const optimizers: Record<string, (params: Tensor[]) => { step(): unknown; zeroGrad(): void }> = {
  SGD: (params) => new optim.SGD(params, { lr: 0.002 }),
  momentum: (params) => new optim.SGD(params, { lr: 0.002, momentum: 0.9 }),
  RMSprop: (params) => new optim.RMSprop(params, { lr: 0.01 }),
  Adam: (params) => new optim.Adam(params, { lr: 0.05 }),
};

const paths: Record<string, number[][]> = {};
const ends: Record<string, number> = {};
for (const [name, make] of Object.entries(optimizers)) {
  const at = tensor(START, { requiresGrad: true });
  const step = trainStep(make([at]), () => {
    const [x, y] = [at.select(0, 0), at.select(0, 1)];
    return x.neg().add(1).square().add(y.sub(x.square()).square().mul(20));
  });
  paths[name] = [START];
  for (let i = 0; i < STEPS; i++) {
    step();
    paths[name].push(Array.from(at.dataSync()));
  }
  const [x, y] = paths[name].at(-1) as [number, number];
  ends[name] = height(x, y);
  console.log(`${name.padEnd(9)} ends at (${x.toFixed(3)}, ${y.toFixed(3)}), height ${ends[name].toExponential(2)}`);
}
const view = { x: [-1.8, 1.8], y: [-0.6, 2.4], title: 'Down the valley', xLabel: 'x', yLabel: 'y' } as const;
savePicture('optimizer-paths', plot.contours(height, { paths, ...view }));
goal('momentum and Adam arrive: height below 0.001', ends.momentum! < 1e-3 && ends.Adam! < 1e-3);
goal(
  'all get below a tenth of the height of the start',
  Object.values(ends).every((end) => end < height(-1.3, 2) / 10),
);
goal('momentum gets lower than plain descent', ends.momentum! < ends.SGD!);
