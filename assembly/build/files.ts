/** Puts into dist/ what users may want to host as files: the kernels and the workers' program. Runs after tsc. */
import { copyFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { workerSource } from '../../bindings/wasm/worker.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
for (const variant of ['plain', 'relaxed']) {
  copyFileSync(join(root, `build/out/${variant}.wasm`), join(root, `dist/${variant}.wasm`));
}
writeFileSync(join(root, 'dist/worker.js'), workerSource);
