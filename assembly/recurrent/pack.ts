/** pack: y = x in panels of 8 columns, as GEMM's micro-kernels read them. Threads share strips; no alignment is needed. */
import { PackCommand } from '../generated/commands';
import { packBlockB } from '../gemm/blocked';
import { firstBlockOf } from '../reduce/share';

const STRIP: u32 = 8;

export function packKernel(cmd: usize, thread: u32, threads: u32): void {
  const c = changetype<PackCommand>(cmd);
  const first = firstBlockOf(c.n, STRIP, thread, threads);
  const count = firstBlockOf(c.n, STRIP, thread + 1, threads) - first;
  const across = (<usize>c.across) << 2;
  const along = (<usize>c.along) << 2;
  const y = (<usize>(c.y + first * c.k)) << 2;
  packBlockB(y, ((<usize>c.x) << 2) + <usize>first * across, along, across, count, c.k);
}
