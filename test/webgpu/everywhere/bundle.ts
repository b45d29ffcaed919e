/** Bundles the tests as modules for every runtime: one module per file, and main.js, which runs them. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const tests = fileURLToPath(new URL('..', import.meta.url));

/** Files that only run in Node. */
const LEFT_OUT = [
  'shaders.test.ts', // compiles shaders with the package webgpu, without a GPU
  'trainer.test.ts', // writes and reads files
];

/** Writes the modules into a folder. Returns the names of those with tests. */
export async function bundleTests(folder: string): Promise<string[]> {
  const files = (await readdir(tests)).filter((file) => file.endsWith('.test.ts') && !LEFT_OUT.includes(file));
  const names = files.map((file) => file.replace(/\.ts$/, '')).sort();
  const bundle = await rolldown({
    input: {
      main: join(tests, 'everywhere/main.ts'),
      ...Object.fromEntries(names.map((name) => [name, join(tests, `${name}.ts`)])),
    },
    platform: 'browser',
    // The package declares that its modules have no side effects; those with tests have nothing else.
    treeshake: false,
    resolve: { alias: { vitest: join(tests, 'everywhere/vitest.ts') } },
    onLog(_, log) {
      throw new Error(log.message);
    },
  });
  await bundle.write({ dir: folder, format: 'esm', cleanDir: true });
  await bundle.close();
  return names;
}
