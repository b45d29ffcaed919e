/** The paths of four optimizers down the banana valley of Rosenbrock's function. */
import { optim, plot, type Tensor, tensor } from 'saraf';
import { goal, savePicture } from '../support/results.ts';
import { trainStep } from '../support/training.ts';

const STEPS = 1500;
const START = [-1.3, 2];

const height = (x: number, y: number) => (1 - x) ** 2 + 20 * (y - x * x) ** 2;

/** The points that an optimizer passes, and the height of the last one. */
function descend(name: string, make: (params: Tensor[]) => { step(): unknown; zeroGrad(): void }) {
  const at = tensor(START, { requiresGrad: true });
  const step = trainStep(make([at]), () => {
    const [x, y] = [at.select(0, 0), at.select(0, 1)];
    return x.neg().add(1).square().add(y.sub(x.square()).square().mul(20));
  });
  const path = [START];
  for (let i = 0; i < STEPS; i++) {
    step();
    path.push(Array.from(at.dataSync()));
  }
  const [x = Number.NaN, y = Number.NaN] = at.dataSync();
  const end = height(x, y);
  console.log(`${name.padEnd(9)} ends at (${x.toFixed(3)}, ${y.toFixed(3)}), height ${end.toExponential(2)}`);
  return { path, end };
}

const sgd = descend('SGD', (params) => new optim.SGD(params, { lr: 0.002 }));
const momentum = descend('momentum', (params) => new optim.SGD(params, { lr: 0.002, momentum: 0.9 }));
const rmsprop = descend('RMSprop', (params) => new optim.RMSprop(params, { lr: 0.01 }));
const adam = descend('Adam', (params) => new optim.Adam(params, { lr: 0.05 }));
const paths = { SGD: sgd.path, momentum: momentum.path, RMSprop: rmsprop.path, Adam: adam.path };
const view = { x: [-1.8, 1.8], y: [-0.6, 2.4], title: 'Down the valley', xLabel: 'x', yLabel: 'y' } as const;
savePicture('optimizer-paths', plot.contours(height, { paths, ...view }));
goal('momentum and Adam arrive: height below 0.001', momentum.end < 1e-3 && adam.end < 1e-3);
goal(
  'all get below a tenth of the height of the start',
  [sgd, momentum, rmsprop, adam].every(({ end }) => end < height(-1.3, 2) / 10),
);
goal('momentum gets lower than plain descent', momentum.end < sgd.end);
