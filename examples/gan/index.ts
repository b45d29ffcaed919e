/** Two networks against each other: one learns to make points that look like two half moons, one to tell them apart. */
import {
  cat,
  compile,
  data,
  F,
  manualSeed,
  nn,
  noGrad,
  ones,
  optim,
  plot,
  randn,
  scope,
  type Tensor,
  tensor,
  zeros,
} from 'saraf';
import { goal, percent, savePicture } from '../support/results.ts';

const STEPS = 6000;
const BATCH = 128;
const NOISE = 4;
const SHOWN = 400;
/** Points nearer than this to a point of the moons count as on them. */
const NEAR = 0.15;

manualSeed(1);
const [moons] = data.makeMoons(2000, { noise: 0.05, seed: 1 });
const net = (...sizes: number[]) =>
  new nn.Sequential(
    ...sizes
      .slice(1)
      .flatMap((size, i) => [
        new nn.Linear(sizes[i]!, size),
        ...(i < sizes.length - 2 ? [new nn.LeakyReLU({ negativeSlope: 0.2 })] : []),
      ]),
  );
const generator = net(NOISE, 64, 64, 2);
const critic = net(2, 64, 64, 1);
const options = { lr: 0.001, betas: [0.5, 0.9] as [number, number] };
const generatorSteps = new optim.Adam(generator.parameters(), options);
const criticSteps = new optim.Adam(critic.parameters(), options);
const [real, fake] = [ones(BATCH, 1), zeros(BATCH, 1)];

const criticStep = compile((points: Tensor) => {
  criticSteps.zeroGrad();
  const made = noGrad(() => generator.forward(randn(BATCH, NOISE)));
  const loss = F.binaryCrossEntropyWithLogits(critic.forward(points), real).add(
    F.binaryCrossEntropyWithLogits(critic.forward(made), fake),
  );
  loss.backward();
  criticSteps.step();
  return loss;
});
const generatorStep = compile(() => {
  generatorSteps.zeroGrad();
  criticSteps.zeroGrad();
  const loss = F.binaryCrossEntropyWithLogits(critic.forward(generator.forward(randn(BATCH, NOISE))), real);
  loss.backward();
  generatorSteps.step();
  return loss;
});

const losses: Record<'critic' | 'generator', number[]> = { critic: [], generator: [] };
const loader = new data.DataLoader(new data.TensorDataset(moons), {
  batchSize: BATCH,
  shuffle: true,
  dropLast: true,
  seed: 1,
});
let step = 0;
while (step < STEPS) {
  for (const [points] of loader) {
    const found = scope(() => [criticStep(points).item(), generatorStep().item()]);
    if (step++ % 50 === 0) {
      losses.critic.push(found[0]!);
      losses.generator.push(found[1]!);
    }
    // The rate falls in a straight line, so that both come to rest.
    for (const steps of [generatorSteps, criticSteps])
      steps.paramGroups[0]!.lr = options.lr * Math.max(0.02, 1 - step / STEPS);
  }
}

/** Of each point of `a` the distance to the nearest of `b`. */
function nearest(a: Tensor, b: Tensor): number[] {
  const [from, to] = [a.toArray() as number[][], b.toArray() as number[][]];
  return from.map(([x, y]) => Math.min(...to.map(([u, v]) => Math.hypot(x! - u!, y! - v!))));
}
const near = (distances: number[]) => distances.filter((distance) => distance < NEAR).length / distances.length;
const made = noGrad(() => generator.forward(randn(SHOWN, NOISE)));
const sample = moons.slice(0, 0, SHOWN).clone();
const [precise, covered] = [near(nearest(made, moons)), near(nearest(sample, made))];
console.log(
  `${percent(precise)} of the made points lie on the moons; ${percent(covered)} of the moons have a made point nearby`,
);
const kinds = tensor(
  Array.from({ length: 2 * SHOWN }, (_, i) => (i < SHOWN ? 1 : 0)),
  { dtype: 'int32' },
);
const view = { threshold: 0, labels: ['made', 'real'], title: 'What the critic takes for real' };
savePicture('gan', plot.decisionBoundary(critic, cat([sample, made], 0), kinds, view));
savePicture('gan-losses', plot.lines(losses, { title: 'Losses, every 50th step', xLabel: 'step / 50' }));
goal('90 % of the made points lie on the moons', precise >= 0.9);
goal('90 % of the moons are covered', covered >= 0.9);
