/** The moons' worker: trains a small network in slices, and after each sends its belief for the whole plane. */
import { type Compiled, compile, data, F, manualSeed, nn, noGrad, optim, scope, type Tensor, tensor } from 'saraf';
import { type FromMoons, type MoonsSettings, PLANE, type ToMoons } from '../messages.ts';
import { breath, listen, start, tell } from './host.ts';

const POINTS = 240;
/** Steps between two pictures, and the time that they may take. */
const STEPS = 12;
const FRAME_MS = 33;

/** The places at which the network is evaluated, row by row from the top. */
function places(): Tensor {
  const { left, right, bottom, top, columns, rows } = PLANE;
  const values = new Float32Array(rows * columns * 2);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const at = 2 * (row * columns + column);
      values[at] = left + ((column + 0.5) / columns) * (right - left);
      values[at + 1] = top - ((row + 0.5) / rows) * (top - bottom);
    }
  }
  return tensor(values, { shape: [rows * columns, 2] });
}

class Session {
  private readonly x: Tensor;
  private readonly y: Tensor;
  private readonly labels: Int32Array;
  private readonly places = places();
  private readonly model: nn.Sequential;
  private readonly optimizer: optim.Adam;
  private readonly step: Compiled<[Tensor, Tensor], Tensor>;
  private readonly ask: Compiled<[Tensor], Tensor>;
  private steps = 0;

  constructor({ hidden, learningRate, noise }: MoonsSettings) {
    manualSeed(3);
    [this.x, this.y] = data.makeMoons(POINTS, { noise, seed: 1 });
    this.labels = Int32Array.from(this.y.dataSync());
    const model = new nn.Sequential(new nn.Linear(2, hidden), new nn.Tanh(), new nn.Linear(hidden, 2));
    const optimizer = new optim.Adam(model.parameters(), { lr: learningRate });
    this.model = model;
    this.optimizer = optimizer;
    this.step = compile((x: Tensor, y: Tensor) => {
      optimizer.zeroGrad();
      const loss = F.crossEntropy(model.forward(x), y);
      loss.backward();
      optimizer.step();
      return loss;
    });
    this.ask = compile((x: Tensor) => noGrad(() => F.softmax(model.forward(x), { dim: 1 })));
    tell<FromMoons>({ type: 'points', points: Float32Array.from(this.x.dataSync()), moons: this.labels });
  }

  set learningRate(rate: number) {
    for (const group of this.optimizer.paramGroups) group.lr = rate;
  }

  /** Belief in the second moon at each row of x. */
  private belief(x: Tensor): Float32Array {
    const both = scope(() => this.ask(x).dataSync());
    return Float32Array.from({ length: both.length / 2 }, (_, i) => both[2 * i + 1]!);
  }

  advance(): void {
    for (let i = 0; i < STEPS; i++) scope(() => void this.step(this.x, this.y));
    this.steps += STEPS;
  }

  show(): void {
    const beliefs = this.belief(this.x);
    let right = 0;
    let loss = 0;
    this.labels.forEach((moon, i) => {
      const own = moon === 1 ? beliefs[i]! : 1 - beliefs[i]!;
      if (own > 0.5) right++;
      loss -= Math.log(Math.max(own, 1e-7));
    });
    const belief = this.belief(this.places);
    const { steps: step } = this;
    tell<FromMoons>({ type: 'state', step, loss: loss / POINTS, accuracy: right / POINTS, belief }, [belief.buffer]);
  }

  dispose(): void {
    const { step, ask, optimizer, model, x, y, places } = this;
    for (const one of [step, ask, optimizer, model, x, y, places]) one.dispose();
  }
}

export function moons(): void {
  let session: Session | null = null;
  let playing = false;
  const play = async () => {
    while (playing) {
      const begun = performance.now();
      session?.advance();
      session?.show();
      const rest = FRAME_MS - (performance.now() - begun);
      if (rest > 0) await new Promise((resolve) => setTimeout(resolve, rest));
      else await breath();
    }
  };
  const started = start(1);
  listen<ToMoons>(async (message) => {
    await started;
    switch (message.type) {
      case 'reset':
        session?.dispose();
        session = new Session(message.settings);
        session.show();
        return;
      case 'rate':
        if (session !== null) session.learningRate = message.learningRate;
        return;
      case 'pause':
        playing = false;
        return;
      case 'play':
        if (playing) return;
        playing = true;
        play().catch((error) => tell<FromMoons>({ type: 'failed', message: String(error) }));
    }
  });
}
