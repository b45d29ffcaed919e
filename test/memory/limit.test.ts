/** `init({ memoryLimitMiB })`, and what a full memory does. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ArgumentError,
  F,
  init,
  manualSeed,
  memory,
  nn,
  OutOfMemoryError,
  optim,
  randint,
  randn,
  type Tensor,
  tensor,
  zeros,
} from '../../src/index.ts';

const MIB = 2 ** 20;
const LIMIT = 24;
const QUARTER = MIB / 4;

beforeAll(() => init({ memoryLimitMiB: LIMIT }));
afterAll(() => init({ memoryLimitMiB: 4096 }));

/** A tensor of one MiB, with a value of its own. */
const oneMiB = (value: number) => zeros(QUARTER).add(value);

describe('a limit of memory', () => {
  it('is kept, and what is held comes back', () => {
    const held = Array.from({ length: 3 * LIMIT }, (_, i) => oneMiB(i));
    const { bytesInUse, bytesParked, bytesReserved, tensors } = memory();
    expect(bytesReserved).toBeLessThanOrEqual(LIMIT * MIB);
    expect(bytesParked).toBeGreaterThanOrEqual(2 * LIMIT * MIB);
    expect(bytesInUse).toBeGreaterThanOrEqual(3 * LIMIT * MIB);
    expect(tensors).toBeGreaterThanOrEqual(3 * LIMIT);
    held.forEach((t, i) => {
      const elements = t.dataSync();
      expect([elements[0], elements[QUARTER - 1]]).toEqual([i, i]);
    });
    for (const t of held) t.dispose();
    expect(memory().bytesInUse).toBeLessThan(bytesInUse - 3 * (LIMIT - 1) * MIB);
  });

  it('is an error only for what must be there at once', () => {
    const a = zeros(8 * QUARTER);
    const b = zeros(8 * QUARTER);
    expect(() => a.add(b)).toThrow(OutOfMemoryError);
    expect(() => a.add(b)).toThrow(`memoryLimitMiB is ${LIMIT}`);
    expect(() => zeros(LIMIT * QUARTER)).toThrow(OutOfMemoryError);
    expect(a.sum().item() + b.sum().item()).toBe(0);
    for (const t of [a, b]) t.dispose();
  });

  it('changes no result of a training that does not fit', async () => {
    const train = () => {
      manualSeed(3);
      const model = new nn.Sequential(new nn.Linear(64, 512), new nn.Tanh(), new nn.Linear(512, 10));
      const optimizer = new optim.Adam(model.parameters());
      const outputs: Tensor[] = [];
      let total = tensor(0);
      for (let step = 0; step < 40; step++) {
        const x = randn(256, 64);
        const y = randint(0, 10, [256]);
        optimizer.zeroGrad();
        const output = model.forward(x);
        const loss = F.crossEntropy(output, y);
        loss.backward();
        optimizer.step();
        total = total.add(loss.detach());
        outputs.push(output.detach(), randn(QUARTER));
      }
      return [total.item(), ...outputs.flatMap((output) => [...output.flatten().dataSync().subarray(0, 3)])];
    };
    const small = train();
    expect(memory().bytesReserved).toBeLessThanOrEqual(LIMIT * MIB);
    await init({ memoryLimitMiB: 4096 });
    const large = train();
    await init({ memoryLimitMiB: LIMIT });
    expect(small).toEqual(large);
  });

  it('must be a size', async () => {
    for (const wrong of [0, -1, Number.NaN, 4097, '64' as unknown as number]) {
      await expect(init({ memoryLimitMiB: wrong })).rejects.toThrow(ArgumentError);
    }
    await expect(init({ memoryMiB: 64, memoryLimitMiB: 32 })).rejects.toThrow(
      'memoryLimitMiB must be at least memoryMiB, 64, and at most 4096, got 32',
    );
  });
});
