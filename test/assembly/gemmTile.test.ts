import { describe, expect, it } from 'vitest';
import { gemmTiles } from '../../bindings/commands/tiles.ts';
import { chooseTile, fusesMultiplyAdd } from '../../bindings/wasm/tile.ts';
import { wasmExecutors } from '../support/executors.ts';

describe.each(wasmExecutors)('the GEMM tile of %s', (_, x) => {
  it('is 6×8 where multiply-adds are fused, otherwise 4×8', () => {
    const fused = fusesMultiplyAdd(x);
    expect(gemmTiles[chooseTile(x)]).toEqual({ mr: fused ? 6 : 4, nr: 8 });
  });

  it('is chosen without side effects', () => {
    const before = x.allocator.bytesReserved;
    for (let i = 0; i < 1000; i++) chooseTile(x);
    expect([x.program.length, x.program.commands, x.allocator.bytesReserved]).toEqual([0, 0, before]);
  });
});

it('the plain variant never fuses', () => {
  const plain = wasmExecutors.find(([name]) => name === 'wasm plain');
  expect(plain && fusesMultiplyAdd(plain[1])).toBe(false);
});
