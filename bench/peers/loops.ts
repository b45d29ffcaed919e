/** Training loops as people write them first, and the same inside a scope. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Prepared } from '../harness/types.ts';
import { openSaraf } from './saraf.ts';
import type { Peer } from './types.ts';

/** A model, how it is written, and where its batches come from. */
export const loopKinds = {
  mlp: 'MLP 784-128-64-10, batch 64',
  mlpByHand: 'MLP without Sequential',
  mlpBatches: 'MLP, batches by number',
  mlpLoader: 'MLP, batches of a DataLoader',
  cnn: 'CNN 32-64, batch 64',
  cnnByHand: 'CNN without Sequential',
  lstm: 'LSTM of 50 units, 50 steps, batch 950',
} as const;
export type LoopKind = keyof typeof loopKinds;

async function loop(kind: LoopKind, isScoped: boolean): Promise<Prepared> {
  const thread = new Worker(new URL('loopThread.ts', import.meta.url), { workerData: { kind, isScoped } });
  const answer = async <T>(): Promise<T> => ((await once(thread, 'message')) as [T])[0];
  const losses = await answer<number[]>();
  return {
    output: () => losses,
    time: (steps) => {
      thread.postMessage(steps);
      return answer<number>();
    },
    dispose: () => void thread.terminate(),
  };
}

const peer = (name: string, isScoped: boolean): Peer => ({
  name,
  open: () => openSaraf(() => ({ loop: (kind) => loop(kind, isScoped) })),
});

export const inScopes = peer('saraf', true);
export const plainLoops = peer('saraf, plain loop', false);
