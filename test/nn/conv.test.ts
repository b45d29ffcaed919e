/** Convolution layers: shapes, names, initial values, state. The fixtures test what they compute. */
import { describe, expect, it } from 'vitest';
import { F, manualSeed, nn, randn } from '../../src/index.ts';

const SEED = 12;

describe('convolution layers', () => {
  it("have PyTorch's shapes and names", () => {
    const plane = new nn.Conv2d(4, 6, [3, 2], { groups: 2, stride: 2, padding: [1, 0] });
    expect(Object.entries(plane.stateDict()).map(([name, t]) => [name, t.shape])).toEqual([
      ['weight', [6, 2, 3, 2]],
      ['bias', [6]],
    ]);
    expect(plane.forward(randn(2, 4, 7, 8)).shape).toEqual([2, 6, 4, 4]);
    const line = new nn.Conv1d(2, 8, 5, { stride: 2, bias: false });
    expect(Object.keys(line.stateDict())).toEqual(['weight']);
    expect(line.forward(randn(4, 2, 100)).shape).toEqual([4, 8, 48]);
    const back = new nn.ConvTranspose2d(16, 8, 4, { stride: 2, padding: 1, groups: 4 });
    expect(back.weight.shape).toEqual([16, 2, 4, 4]);
    expect(back.bias!.shape).toEqual([8]);
    expect(back.forward(randn(1, 16, 7, 7)).shape).toEqual([1, 8, 14, 14]);
    expect(new nn.Conv2d(1, 1, 5, { padding: 'same', paddingMode: 'zeros' }).forward(randn(1, 1, 4, 9)).shape).toEqual([
      1, 1, 4, 9,
    ]);
  });

  it('give the results of the functions', () => {
    const x = randn(2, 4, 6, 6);
    const options = { stride: 2, padding: 1, groups: 2 };
    const layer = new nn.Conv2d(4, 4, 3, options);
    expect(layer.forward(x).toArray()).toEqual(F.conv2d(x, layer.weight, layer.bias, options).toArray());
    const back = new nn.ConvTranspose2d(4, 4, 3, options);
    expect(back.forward(x).toArray()).toEqual(F.convTranspose2d(x, back.weight, back.bias, options).toArray());
    const line = new nn.Conv1d(4, 4, 3, { padding: 'same' });
    const row = x.reshape(2, 4, 36);
    expect(line.forward(row).toArray()).toEqual(F.conv1d(row, line.weight, line.bias, { padding: 'same' }).toArray());
  });

  it.each([
    ['Conv2d', () => new nn.Conv2d(8, 64, 5, { groups: 2 }), 1 / Math.sqrt(4 * 25)],
    ['Conv1d', () => new nn.Conv1d(16, 200, 3), 1 / Math.sqrt(16 * 3)],
    ['ConvTranspose2d', () => new nn.ConvTranspose2d(64, 32, 3), 1 / Math.sqrt(32 * 9)],
  ])('%s: weights and bias start uniform in ±1/√(inputs of a unit)', (_, make, bound) => {
    manualSeed(SEED);
    const layer = make();
    for (const t of [layer.weight, layer.bias!]) {
      const values = Array.from(t.dataSync());
      const largest = Math.max(...values.map(Math.abs));
      expect(largest, `seed ${SEED}`).toBeLessThanOrEqual(bound);
      expect(largest, `seed ${SEED}`).toBeGreaterThan(0.8 * bound);
    }
    const values = Array.from(layer.weight.dataSync());
    const variance = values.reduce((sum, v) => sum + v * v, 0) / values.length;
    expect(variance / (bound ** 2 / 3), `seed ${SEED}`).toBeGreaterThan(0.9);
    expect(variance / (bound ** 2 / 3), `seed ${SEED}`).toBeLessThan(1.1);
  });

  it('print their options', () => {
    expect(String(new nn.Conv2d(3, 8, [3, 1], { stride: 2, bias: false }))).toContain(
      '3, 8, [3, 1], stride: 2, bias: false',
    );
  });
});
