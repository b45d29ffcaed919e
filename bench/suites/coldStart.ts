/** The time from import to the first result, in all runtimes. */
import { currentMajor } from '../harness/nodes.ts';
import { coldMlMatrix, coldSaraf, coldTfjs } from '../peers/cold.ts';
import type { SuitePlan } from './types.ts';

const versions = [...new Set([currentMajor, '22', '24', '26'])].map((major) => `Node ${major}`);
/** It does not allow bytes to be compiled, so tfjs-wasm cannot run there. */
const WORKERD = 'workerd (Cloudflare)';
const runtimes = [...versions, 'Deno', 'Bun', WORKERD, 'Chromium'];

export const coldStart: SuitePlan = {
  name: 'cold-start',
  title: 'Cold starts',
  notes: [
    'From `import` to the elements of a product of 2×2, each time in a new process or page; the start of the runtime itself is not included.',
    'In Chromium, a page with the program bundled by esbuild, from a server on the same machine, with nothing cached.',
    'In workerd, whose clock stands still, processor time less that of an empty worker.',
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
