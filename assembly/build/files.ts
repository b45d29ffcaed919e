/**
 * Adds to dist/ what tsc does not make: the kernels and the workers' program as files that users may host, and bundles. Runtimes get a
 * bundle, because opening hundreds of small files takes longer than compiling the kernels. Bundlers get tsc's files, so that they can drop
 * what is not used; for workerd the kernels are files to deploy. Runs after tsc.
 */
import { copyFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type OutputOptions } from 'rolldown';
import { workerSource } from '../../bindings/wasm/worker.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
for (const variant of ['plain', 'relaxed']) {
  copyFileSync(join(root, `build/out/${variant}.wasm`), join(root, `dist/${variant}.wasm`));
}
writeFileSync(join(root, 'dist/worker.js'), workerSource);

const reference: [string, string] = ['src/runtime/reference', 'src/runtime/referenceOnDemand'];
const built = (path: string) => join(root, 'dist', path);
renameSync(built(`${reference[1]}.js`), built(`${reference[0]}.js`));
rmSync(built(`${reference[1]}.d.ts`));

const everywhere = { index: 'src/index.ts', kernels: 'bindings/kernels/index.ts' };
const isPackage = /^(node:|@assemblyscript\/|@bufbuild\/|cli-progress$|jpeg-js$|pngjs$|webgpu$)/;

/** What installs the methods of tensors. Package.json names the files that it becomes: bundlers of users would drop them otherwise. */
const hasEffects = /src\/methods\/tensor\.ts$/;

/** Bundles the inputs; `standIns`: files that replace others. */
async function bundle(
  folder: string,
  input: Record<string, string>,
  standIns: [file: string, standIn: string][],
  output: OutputOptions = {},
) {
  const byPath = new Map(standIns.map((pair) => pair.map((name) => join(root, `${name}.ts`)) as [string, string]));
  await build({
    cwd: root,
    input,
    external: isPackage,
    treeshake: { moduleSideEffects: (id) => hasEffects.test(id) },
    platform: 'neutral',
    plugins: [
      {
        name: 'stand-ins',
        resolveId: (id: string, importer?: string) => {
          if (id.endsWith('.wasm')) return { id, external: true };
          return (importer && byPath.get(join(dirname(importer), id))) ?? null;
        },
      },
    ],
    output: {
      dir: `dist/${folder}`,
      format: 'esm',
      cleanDir: true,
      chunkFileNames: '[name].js',
      comments: { jsdoc: false },
      ...output,
    },
    logLevel: 'warn',
  });
}

await bundle(
  'node',
  { ...everywhere, node: 'src/node/index.ts', cli: 'src/cli/index.ts' },
  [['bindings/wasm/unpack', 'bindings/wasm/stored']],
  // A file of its own, so that it runs before the loader, which needs it.
  { codeSplitting: { groups: [{ name: 'host', test: /bindings\/(host|wasm\/lent)\.ts$/ }] } },
);
const forWorkerd: [string, string][] = [['bindings/wasm/module', 'bindings/wasm/deployed'], reference];
await bundle('workerd', everywhere, forWorkerd, { preserveModules: true, preserveModulesRoot: root });
