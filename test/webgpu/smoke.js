/**
 * A model trains on the GPU as on the CPU: the built package must do this in every runtime with WebGPU. Plain
 * JavaScript, so that browsers can load it unchanged.
 */
import { compile, F, init, manualSeed, nn, optim, tensor } from 'saraf';

const STEPS = 50;
const TOLERANCE = 1e-3;

function trainer() {
  manualSeed(7);
  const model = new nn.Sequential(new nn.Linear(8, 16), new nn.ReLU(), new nn.Linear(16, 3));
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
  const x = tensor(
    Float32Array.from({ length: 256 }, (_, i) => Math.sin(i * i)),
    { shape: [32, 8] },
  );
  const y = tensor(Int32Array.from({ length: 32 }, (_, i) => i % 3));
  const step = compile((input, target) => {
    optimizer.zeroGrad();
    const loss = F.crossEntropy(model.forward(input), target);
    loss.backward();
    optimizer.step();
    return loss;
  });
  return () => step(x, y).data();
}

async function curve(device) {
  const info = await init({ device });
  const step = trainer();
  const losses = [];
  for (let i = 0; i < STEPS; i++) losses.push((await step())[0]);
  return { info, losses };
}

/** Throws if the curves differ; otherwise returns the runtime and the last losses as text. */
export async function run() {
  const cpu = await curve('wasm');
  const gpu = await curve('webgpu');
  const worst = Math.max(...gpu.losses.map((loss, i) => Math.abs(loss - cpu.losses[i])));
  const [first, last] = [gpu.losses[0], gpu.losses[STEPS - 1]];
  if (!(worst <= TOLERANCE) || !(last < first)) throw new Error(`losses differ by ${worst}, from ${first} to ${last}`);
  return `${gpu.info.runtime}: loss ${first.toFixed(4)} → ${last.toFixed(4)} on webgpu, at most ${worst.toExponential(1)} from wasm`;
}
