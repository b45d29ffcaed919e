/** Where `device: 'auto'` puts training steps, against both places: a grid of widths and batches. A GPU emulated in software will do. */
import { generator, uniform } from '../harness/random.ts';
import { sarafOn } from '../peers/gpu.ts';
import type { TrainProblem } from '../peers/types.ts';
import { dense, trainingTask } from './training.ts';
import type { SuitePlan } from './types.ts';

const WIDTHS = [16, 64, 256];
const BATCHES = [1, 16, 128];
const CLASSES = 10;

function network(width: number, batch: number): TrainProblem {
  const next = generator(6);
  return {
    layers: dense([width, width, CLASSES], ['relu', undefined]),
    batch,
    x: uniform(batch * width, 0, 1, 5),
    lr: 0.1,
    loss: { kind: 'crossEntropy', labels: Int32Array.from({ length: batch }, () => next() * CLASSES) },
  };
}

export const placement: SuitePlan = {
  name: 'placement',
  title: 'Where programs run',
  notes: [
    "`saraf` chooses by itself (`device: 'auto'`); the others are told where to run. Where both columns are 1.0 or more, it has chosen well.",
    'A call is a compiled training step, from inputs on the CPU until its loss has been read.',
  ],
  peers: [sarafOn('saraf', 'auto', true), sarafOn('saraf, CPU', 'wasm', true), sarafOn('saraf, GPU', 'webgpu', true)],
  tasks: (libraries) =>
    WIDTHS.flatMap((width) =>
      BATCHES.map((batch) =>
        trainingTask(`${width}-${width}-${CLASSES}, batch ${batch}`, network(width, batch), libraries),
      ),
    ),
};
