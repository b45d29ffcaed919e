/** How long it takes from import to the first result, in all runtimes. */
import { currentMajor } from '../harness/nodes.ts';
import { coldMlMatrix, coldSaraf, coldTfjs } from '../peers/cold.ts';
import type { SuitePlan } from './types.ts';

const versions = [...new Set([currentMajor, '22', '24', '26'])].map((major) => `Node ${major}`);
/** Bytes may not be compiled there, so that tfjs-wasm has no way to run. */
const WORKERD = 'workerd (Cloudflare)';
const runtimes = [...versions, 'Deno', 'Bun', WORKERD, 'Chromium'];

export const coldStart: SuitePlan = {
  name: 'cold-start',
  title: 'Cold starts',
  notes: [
    'From `import` to the elements of a product of 2×2, each time in a new process or page; what the runtime itself takes to start is not in it.',
    'In Chromium a page with what esbuild makes of the program, from a server on the same machine, nothing cached.',
    "In workerd, whose clock stands still, the processor's time, above that of an empty worker.",
  ],
  nodes: [currentMajor],
  peers: [coldSaraf, coldTfjs, coldMlMatrix],
  tasks: (libraries) =>
    runtimes.map((runtime) => ({
      name: runtime,
      contenders: [...libraries].flatMap(([name, { cold }]) =>
        cold === undefined || (runtime === WORKERD && name === coldTfjs.name)
          ? []
          : [{ name, setup: () => cold(runtime) }],
      ),
    })),
};
