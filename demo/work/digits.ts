/**
 * The digits' worker: trains a convolutional network, and recognises drawings in between. Training runs in slices, so that
 * a drawing is answered within one slice.
 */
import { type Compiled, compile, data, F, manualSeed, nn, noGrad, optim, type Tensor, tensor } from 'saraf';
import { CLASSES, type FromDigits, PIXELS, SIDE, type ToDigits } from '../messages.ts';
import { breath, listen, SLICE_MS, start, tell } from './host.ts';

const BATCH = 50;
const EPOCHS = 5;
const LEARNING_RATE = 2e-3;
/** Factor on the learning rate after every epoch. */
const DECAY = 0.6;
const TEST_BATCH = 250;
/** Test digits that the page shows. */
const SAMPLES = 36;

type Model = ReturnType<typeof build>;

function build() {
  return new nn.Sequential(
    new nn.Conv2d(1, 16, 5, { padding: 2 }),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Conv2d(16, 32, 3, { padding: 1 }),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Flatten(),
    new nn.Linear(32 * 7 * 7, CLASSES),
  );
}

interface Digits {
  train: data.TensorDataset<[Tensor, Tensor]>;
  testPixels: Uint8Array;
  testLabels: Uint8Array;
}

const floats = (pixels: Uint8Array): Float32Array => Float32Array.from(pixels, (value) => value / 255);

/** Loads the gzipped file that data/pack.ts makes: two counts, then the pixels and the labels of both parts. */
async function load(url: string): Promise<Digits> {
  const response = await fetch(url);
  if (!response.ok || response.body === null) throw new Error(`${url}: HTTP status ${response.status}`);
  const unzipped = response.body.pipeThrough(new DecompressionStream('gzip'));
  const buffer = await new Response(unzipped).arrayBuffer();
  const [training = 0, test = 0] = new Uint32Array(buffer, 0, 2);
  let at = 8;
  const next = (length: number): Uint8Array => {
    at += length;
    return new Uint8Array(buffer, at - length, length);
  };
  const pixels = next(training * PIXELS);
  const labels = next(training);
  const testPixels = next(test * PIXELS);
  const testLabels = next(test);
  const train = new data.TensorDataset<[Tensor, Tensor]>(
    tensor(floats(pixels), { shape: [training, 1, SIDE, SIDE], device: 'wasm' }),
    tensor(Int32Array.from(labels), { device: 'wasm' }),
  );
  return { train, testPixels, testLabels };
}

class Session {
  private readonly model: Model;
  private readonly optimizer: optim.Adam;
  private readonly step: Compiled<[Tensor, Tensor], Tensor>;
  private readonly predict: Compiled<[Tensor], Tensor>;
  private epoch = 0;
  private running = false;
  /** Grows when training pauses or starts over, which ends the previous run. */
  private generation = 0;

  constructor(
    private readonly digits: Digits,
    private readonly device: 'wasm' | 'webgpu',
  ) {
    manualSeed(1);
    const model = build();
    model.to(device);
    const optimizer = new optim.Adam(model.parameters(), { lr: LEARNING_RATE });
    this.model = model;
    this.optimizer = optimizer;
    this.step = compile((x: Tensor, y: Tensor) => {
      optimizer.zeroGrad();
      const loss = F.crossEntropy(model.forward(x), y);
      loss.backward();
      optimizer.step();
      return loss;
    });
    this.predict = compile((x: Tensor) => noGrad(() => F.softmax(model.forward(x), { dim: 1 })));
  }

  pause(): void {
    this.running = false;
    this.generation++;
  }

  dispose(): void {
    this.pause();
    const { step, predict, optimizer, model } = this;
    for (const one of [step, predict, optimizer, model]) one.dispose();
  }

  /** Rows of CLASSES probabilities. */
  async probabilities(pixels: Float32Array, count: number): Promise<Float32Array> {
    const x = tensor(pixels, { shape: [count, 1, SIDE, SIDE], device: this.device });
    const y = this.predict(x);
    const values = Float32Array.from(await y.data());
    y.dispose();
    x.dispose();
    return values;
  }

  private async test(goesOn: () => boolean): Promise<void> {
    const { testPixels, testLabels } = this.digits;
    let right = 0;
    const guesses = new Uint8Array(SAMPLES);
    for (let at = 0; at < testLabels.length; at += TEST_BATCH) {
      const pixels = floats(testPixels.subarray(at * PIXELS, (at + TEST_BATCH) * PIXELS));
      const rows = await this.probabilities(pixels, TEST_BATCH);
      if (!goesOn()) return;
      for (let i = 0; i < TEST_BATCH; i++) {
        const guess = likeliest(rows.subarray(i * CLASSES, (i + 1) * CLASSES));
        if (guess === testLabels[at + i]) right++;
        if (at + i < SAMPLES) guesses[at + i] = guess;
      }
    }
    tell<FromDigits>({ type: 'tested', epoch: this.epoch, accuracy: right / testLabels.length, guesses });
  }

  /** Not awaited by its caller: messages come in between the slices. */
  async train(): Promise<void> {
    if (this.running) return;
    this.running = true;
    const generation = ++this.generation;
    const goesOn = () => generation === this.generation;
    while (this.epoch < EPOCHS && goesOn()) {
      await this.trainEpoch(goesOn);
      if (!goesOn()) return;
      this.epoch++;
      for (const group of this.optimizer.paramGroups) group.lr = LEARNING_RATE * DECAY ** this.epoch;
      await this.test(goesOn);
    }
    if (goesOn()) {
      this.running = false;
      tell<FromDigits>({ type: 'finished' });
    }
  }

  private async trainEpoch(goesOn: () => boolean): Promise<void> {
    const loader = new data.DataLoader(this.digits.train, { batchSize: BATCH, shuffle: true, dropLast: true });
    const { device } = this;
    let begun = performance.now();
    let steps = 0;
    for (const [x, y] of loader) {
      const loss = this.step(x.to(device), y.to(device));
      steps++;
      if (performance.now() - begun < SLICE_MS) continue;
      const [value = Number.NaN] = await loss.data();
      const rate = (steps * BATCH * 1000) / (performance.now() - begun);
      tell<FromDigits>({ type: 'step', epoch: this.epoch + 1, loss: value, rate });
      await breath();
      if (!goesOn()) return;
      begun = performance.now();
      steps = 0;
    }
  }
}

function likeliest(row: Float32Array): number {
  return row.indexOf(Math.max(...row));
}

export function digits(): void {
  let session: Session | null = null;
  let opened: { digits: Digits; device: 'wasm' | 'webgpu' } | null = null;
  const fail = (error: unknown) => tell<FromDigits>({ type: 'failed', message: String(error) });
  const open = () => {
    if (opened === null) return;
    session?.dispose();
    session = new Session(opened.digits, opened.device);
  };
  listen<ToDigits>(async (message) => {
    switch (message.type) {
      case 'start': {
        const host = await start('auto', message.device);
        tell<FromDigits>({ type: 'host', host });
        opened = { digits: opened?.digits ?? (await load(message.url)), device: message.device };
        const { testPixels, testLabels } = opened.digits;
        const pixels = testPixels.slice(0, SAMPLES * PIXELS);
        tell<FromDigits>({ type: 'samples', pixels, labels: testLabels.slice(0, SAMPLES) });
        open();
        return;
      }
      case 'reset':
        open();
        return;
      case 'train':
        session?.train().catch(fail);
        return;
      case 'pause':
        session?.pause();
        return;
      case 'classify': {
        if (session === null) return;
        const probabilities = await session.probabilities(message.pixels, 1);
        tell<FromDigits>({ type: 'classified', probabilities });
      }
    }
  });
}
