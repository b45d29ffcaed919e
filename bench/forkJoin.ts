/**
 * What it costs to share one command between two threads: `npx tsx bench/forkJoin.ts`. A command is run by one thread and by two;
 * the time of two beyond half the time of one is the cost of fork and join. Once with a worker that is awake, once with one that
 * sleeps.
 */
import { encodeUnary, UnaryFn } from '../bindings/generated/encode.ts';
import { WasmExecutor } from '../bindings/wasm/executor.ts';
import { supports } from '../bindings/wasm/probe.ts';
import { median } from './harness/measure.ts';

const microseconds = (run: () => void): number => {
  const start = performance.now();
  run();
  return (performance.now() - start) * 1000;
};

const executor = new WasmExecutor({ variant: supports('relaxed') ? 'relaxed' : 'plain', threads: 2 });
await executor.startThreads();

/** Runs `count` commands of n exponentials as one program. */
function exponentials(n: number, count: number): () => void {
  const x = executor.allocator.allocate(2 * n);
  return () => {
    for (let i = 0; i < count; i++) encodeUnary(executor.program, { fn: UnaryFn.exp, x, y: x + n, n, p0: 0, p1: 0 });
    executor.run();
  };
}

/** The medians on one thread and on two, with a pause before each run. */
async function compare(run: () => void, runs: number, pause: number): Promise<[alone: number, shared: number]> {
  const alone: number[] = [];
  const shared: number[] = [];
  for (let i = 0; i < 2 * runs; i++) {
    executor.setThreads((i % 2) + 1);
    if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
    (i % 2 === 0 ? alone : shared).push(microseconds(run));
  }
  return [median(alone), median(shared)];
}

const COMMANDS = 40;
const [alone, shared] = await compare(exponentials(16 * 1024, COMMANDS), 500, 0);
const [aloneOnce, sharedOnce] = await compare(exponentials(1 << 20, 1), 100, 5);
executor.stopThreads();
console.log(`Node ${process.versions.node}`);
console.log(
  `awake:  a command of ${(alone / COMMANDS).toFixed(1)} µs costs ${((shared - alone / 2) / COMMANDS).toFixed(2)} µs more than half of that on two threads`,
);
console.log(
  `asleep: a command of ${aloneOnce.toFixed(0)} µs costs ${(sharedOnce - aloneOnce / 2).toFixed(0)} µs more than half of that on two threads`,
);
