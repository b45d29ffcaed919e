/**
 * Puts into dist/ what tsc does not make: the kernels and the workers' program as files that users may host, and bundles. Runtimes get a
 * bundle, because hundreds of small files cost them more to open than the kernels to compile; workerd one whose kernels are
 * files to deploy. Bundlers get tsc's files, of which they leave out what is not used. Runs after tsc.
 */
import { copyFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type InputOptions } from 'rolldown';
import { workerSource } from '../../bindings/wasm/worker.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
for (const variant of ['plain', 'relaxed']) {
  copyFileSync(join(root, `build/out/${variant}.wasm`), join(root, `dist/${variant}.wasm`));
}
writeFileSync(join(root, 'dist/worker.js'), workerSource);

// Bundlers and workerd load the reference executor on demand.
const built = join(root, 'dist/src/runtime');
renameSync(join(built, 'referenceOnDemand.js'), join(built, 'reference.js'));
rmSync(join(built, 'referenceOnDemand.d.ts'));

const everywhere = { index: 'src/index.ts', kernels: 'bindings/kernels/index.ts' };
const isPackage = /^(node:|@assemblyscript\/|@bufbuild\/|cli-progress$|jpeg-js$|pngjs$|webgpu$)/;

async function bundle(folder: string, input: Record<string, string>, plugins: InputOptions['plugins'] = []) {
  await build({
    cwd: root,
    input,
    external: isPackage,
    platform: 'neutral',
    plugins,
    output: { dir: `dist/${folder}`, format: 'esm', cleanDir: true, chunkFileNames: '[name].js' },
    logLevel: 'warn',
  });
}

const wasm = join(root, 'bindings/wasm/');
const runtime = join(root, 'src/runtime/');
await bundle('node', { ...everywhere, node: 'src/node/index.ts', cli: 'src/cli/index.ts' });
await bundle('workerd', everywhere, [
  {
    name: 'deployed kernels',
    resolveId(id: string, importer?: string) {
      if (id === './module.ts' && importer?.startsWith(wasm)) return join(wasm, 'deployed.ts');
      if (id === './reference.ts' && importer?.startsWith(runtime)) return join(runtime, 'referenceOnDemand.ts');
      if (id.endsWith('.wasm')) return { id, external: true };
      return null;
    },
  },
]);
