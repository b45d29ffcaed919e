/** The garbage that compiled steps leave, measured in a separate process whose young generation is not collected meanwhile. */
import { describe, expect, test } from 'vitest';
import { runModule } from '../support/runModule.ts';

const code = `
import { compile, F, nn, optim, randint, randn } from 'SARAF';
function bytesPerStep(layers, optimizerOf) {
  const widths = Array.from({ length: layers }, () => [new nn.Linear(8, 8), new nn.ReLU()]).flat();
  const model = new nn.Sequential(...widths);
  const optimizer = optimizerOf(model.parameters());
  const [x, y] = [randn(4, 8), randint(0, 8, [4])];
  const step = compile((a, b) => {
    optimizer.zeroGrad();
    const loss = F.crossEntropy(model.forward(a), b);
    loss.backward();
    optimizer.step();
    return loss;
  });
  for (let i = 0; i < 10000; i++) step(x, y);
  // A leak keeps something in every round; the engine keeps things now and then, such as what it compiles.
  const rounds = Array.from({ length: 4 }, () => {
    gc();
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < 1000; i++) step(x, y);
    const bytes = (process.memoryUsage().heapUsed - before) / 1000;
    gc();
    return { bytes, kept: (process.memoryUsage().heapUsed - before) / 1000 };
  });
  return { bytes: rounds[0].bytes, kept: Math.min(...rounds.map((r) => r.kept)) };
}
const sgd = (params) => new optim.SGD(params, { lr: 0.01, momentum: 0.9 });
const adam = (params) => new optim.Adam(params);
console.log(JSON.stringify([bytesPerStep(1, sgd), bytesPerStep(50, sgd), bytesPerStep(1, adam), bytesPerStep(50, adam)]));`;

describe('a compiled step', () => {
  test('leaves a few objects, no more for more parameters, and leaks nothing', () => {
    const flags = ['--expose-gc', '--max-semi-space-size=128', '--min-semi-space-size=128'];
    const results = JSON.parse(runModule(code, flags)) as { bytes: number; kept: number }[];
    expect(results).toHaveLength(4);
    // One object for each of the deep model's 100 parameters would be 5 to 10 KB.
    for (const { bytes, kept } of results) {
      expect(bytes).toBeGreaterThan(0);
      expect(bytes).toBeLessThan(6000);
      expect(kept).toBeLessThan(200);
    }
  });
});
