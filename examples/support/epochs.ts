/** For several examples: one epoch with a progress bar, and predictions for a test set. */
import { SingleBar } from 'cli-progress';
import { type data, type nn, noGrad, scope, type Tensor } from 'saraf';

export type Pair = [inputs: Tensor, targets: Tensor];
export type Step = (x: Tensor, y: Tensor) => Tensor;

export interface EpochResult {
  loss: number;
  examplesPerSecond: number;
  seconds: number;
}

/** A progress bar on a terminal; elsewhere nothing, so that logs stay readable. */
function progressBar(title: string, total: number): SingleBar {
  const bar = new SingleBar({
    format: `${title} [{bar}] {percentage}%  loss {loss}  {speed}/s`,
    barsize: 24,
    noTTYOutput: false,
    hideCursor: true,
  });
  bar.start(total, 0, { loss: '-', speed: '-' });
  return bar;
}

/** Runs `train` on every batch. */
export function trainEpoch(title: string, train: Step, loader: data.DataLoader<Pair>): EpochResult {
  const bar = progressBar(title, loader.length);
  const start = performance.now();
  let examples = 0;
  let total = 0;
  let step = 0;
  for (const [x, y] of loader) {
    const [count = 0] = x.shape;
    total += train(x, y).item() * count;
    examples += count;
    if (++step % 50 === 0 || step === loader.length) {
      const speed = examples / ((performance.now() - start) / 1000);
      bar.update(step, { loss: (total / examples).toFixed(4), speed: Math.round(speed).toLocaleString('en') });
    }
  }
  bar.stop();
  const seconds = (performance.now() - start) / 1000;
  return { loss: total / examples, examplesPerSecond: examples / seconds, seconds };
}

/** The most likely class of every example, found batch by batch. */
export function predictClasses(model: nn.Layer, inputs: Tensor, batchSize = 500): Int32Array {
  const [count = 0] = inputs.shape;
  const classes = new Int32Array(count);
  for (let at = 0; at < classes.length; at += batchSize) {
    scope(() => {
      const batch = inputs.slice(0, at, Math.min(at + batchSize, classes.length));
      classes.set(noGrad(() => model.forward(batch).argmax(1)).dataSync(), at);
    });
  }
  return classes;
}
