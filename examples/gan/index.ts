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
const net = (inputs: number, outputs: number) =>
  new nn.Sequential(
    new nn.Linear(inputs, 64),
    new nn.LeakyReLU({ negativeSlope: 0.2 }),
    new nn.Linear(64, 64),
    new nn.LeakyReLU({ negativeSlope: 0.2 }),
    new nn.Linear(64, outputs),
  );
const generator = net(NOISE, 2);
const critic = net(2, 1);
const options = { lr: 0.001, betas: [0.5, 0.9] } as const;
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
    const found = scope(() => ({ critic: criticStep(points).item(), generator: generatorStep().item() }));
    if (step++ % 50 === 0) {
      losses.critic.push(found.critic);
      losses.generator.push(found.generator);
    }
    // The rate falls linearly, so that both come to rest.
    const lr = options.lr * Math.max(0.02, 1 - step / STEPS);
    for (const { paramGroups } of [generatorSteps, criticSteps]) for (const group of paramGroups) group.lr = lr;
  }
}

/** The share of points of `a` that have a point of `b` nearby. */
const near = (a: Tensor, b: Tensor) => {
  const { values: distances } = a.unsqueeze(1).sub(b).square().sum(2).sqrt().min(1);
  return distances.lt(NEAR).to('float32').mean().item();
};
const made = noGrad(() => generator.forward(randn(SHOWN, NOISE)));
const sample = moons.slice(0, 0, SHOWN).clone();
const [precise, covered] = [near(made, moons), near(sample, made)];
console.log(
  `${percent(precise)} of the made points are on the moons; ${percent(covered)} of the moons have a made point nearby`,
);
const kinds = tensor(
  Array.from({ length: 2 * SHOWN }, (_, i) => (i < SHOWN ? 1 : 0)),
  { dtype: 'int32' },
);
const view = { threshold: 0, labels: ['made', 'real'], title: 'Where the critic sees real points' };
savePicture('gan', plot.decisionBoundary(critic, cat([sample, made], 0), kinds, view));
savePicture('gan-losses', plot.lines(losses, { title: 'Losses, every 50th step', xLabel: 'step / 50' }));
goal('90 % of the made points are on the moons', precise >= 0.9);
goal('90 % of the moons are covered', covered >= 0.9);
