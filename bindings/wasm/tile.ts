/**
 * Which GEMM tile suits this engine. One property decides, whether a multiply-add is fused, not timing:
 * 6×8 needs 15 vector registers fused and 16 unfused, and x64 engines have 15 or 16 to give (why 4×8 then: `gemmTiles`). On V8 of
 * Node 20, 22, 24 and 26 this choice is within 3 % of the fastest tile, and on JavaScriptCore (Bun 1.4) within 4 %. Timing small
 * products in a fresh process was tried: in 4 ms it picks a wrong tile in up to half of the runs, because V8's
 * optimised code arrives late, and it takes 25 ms to be mostly right.
 */
import { gemmTiles } from '../commands/tiles.ts';
import type { Executor } from '../executor.ts';
import { encodeGemm } from '../generated/encode.ts';

/**
 * Whether the executor's multiply-add rounds once: (1 + 2⁻¹²)² − (1 + 2⁻¹¹) is then 2⁻²⁴, and 0 if the product is
 * rounded first.
 * `program` must be empty.
 */
export function fusesMultiplyAdd(executor: Executor): boolean {
  const [m, n] = [2, 8];
  const [a, b, c] = [m, n, m * n].map((length) => executor.allocator.allocate(length)) as [number, number, number];
  executor.write(a, new Float32Array(m).fill(1 + 2 ** -12), 'float32');
  executor.write(b, new Float32Array(n).fill(1 + 2 ** -12), 'float32');
  executor.write(c, new Float32Array(m * n).fill(-1 - 2 ** -11), 'float32');
  encodeGemm(executor.program, {
    a,
    b,
    c,
    bias: 0,
    batch: 1,
    m,
    n,
    k: 1,
    aRow: 1,
    aCol: 1,
    aBatch: 0,
    bRow: n,
    bCol: 1,
    bBatch: 0,
    cRow: n,
    cBatch: 0,
    alpha: 1,
    beta: 1,
    activation: 0,
  });
  executor.run();
  const rest = executor.get(c, 'float32');
  executor.allocator.release(a, m);
  executor.allocator.release(b, n);
  executor.allocator.release(c, m * n);
  return rest !== 0;
}

/**
 * The index in `gemmTiles` for this executor: what its program's `tile` should be. Takes microseconds; `program` must be
 * empty.
 */
export function chooseTile(executor: Executor): number {
  const rows = fusesMultiplyAdd(executor) ? 6 : 4;
  return gemmTiles.findIndex(({ mr }) => mr === rows);
}
