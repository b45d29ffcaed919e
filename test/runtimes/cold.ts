/**
 * Cold starts: from `import` to the first product, in a process, a worker or a page that has done nothing else. The
 * product is a module such as cold.js; the benchmarks use those of other libraries. For bundlers, the bundle contains
 * only this module.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Milliseconds of one start in a runtime, in a project that has `product` (a file name without its extension) and its imports. */
export type Cold = (project: string, product: string) => Promise<number>;

const timed = (product: string) => `const start = performance.now();
const { product } = await import('./${product}.js');
const [first] = await product();
if (first !== 7) throw new Error('the product begins with ' + first);
const taken = performance.now() - start;`;

/** The code of a start, by the kind of runtime. */
const programs = {
  process: (product: string) => `${timed(product)}\nconsole.log(taken);\n`,
  page: (product: string) =>
    `globalThis.outcome = (async () => {\n${timed(product)}\nreturn { taken };\n})().catch((error) => ({ error: String(error) }));\n`,
  worker: (product: string) => `import { product } from './${product}.js';
export default {
  async test() {
    if ((await product())[0] !== 7) throw new Error('the product is wrong');
  },
};\n`,
  /** The cost of a worker that does nothing. */
  emptyWorker: () => 'export default { test() {} };\n',
};

/** Writes the program of a start next to the product; returns its name without its extension. */
export function writeProgram(kind: keyof typeof programs, project: string, product: string): string {
  const name = `${product}.${kind}`;
  writeFileSync(join(project, `${name}.js`), programs[kind](product));
  return name;
}
