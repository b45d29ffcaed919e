/** What it costs to free nothing by hand: plain training loops against the same loops inside scopes. */
import { differs } from '../harness/check.ts';
import type { Numbers } from '../harness/types.ts';
import { inScopes, type LoopKind, loopKinds, plainLoops } from '../peers/loops.ts';
import type { SuitePlan } from './types.ts';

/** All loops of a kind begin with the same numbers, so they must have the same losses. */
function agreement(): (losses: Numbers) => string | undefined {
  let first: Numbers | undefined;
  return (losses) => {
    first ??= losses;
    return differs(losses, first);
  };
}

export const memory: SuitePlan = {
  name: 'memory',
  title: 'Training without freeing anything',
  notes: [
    'Eager training steps with Adam. `saraf` is each step inside a `scope`; the plain loop frees nothing, and is measured once the memory is full.',
    'Tests (test/memory) run such loops for 20,000 steps: what is reserved stays at 256 MiB.',
  ],
  peers: [inScopes, plainLoops],
  tasks: (libraries) =>
    (Object.keys(loopKinds) as LoopKind[]).map((kind) => ({
      name: loopKinds[kind],
      contenders: [...libraries].flatMap(([name, { loop }]) =>
        loop === undefined ? [] : [{ name, setup: () => loop(kind) }],
      ),
      check: agreement(),
    })),
};
