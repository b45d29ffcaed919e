/** Bundles the packed package with each bundler, without any setting for it. Each returns the folder of a page; a warning is an error. */
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build as buildWithEsbuild } from 'esbuild';
import { build as buildWithRolldown } from 'rolldown';
import { build as buildWithVite } from 'vite';
import webpack from 'webpack';

export type Bundle = (project: string, entry?: string) => Promise<string>;

/** Adds a page to the bundle, and the files that pages may host themselves. */
function finish(project: string, name: string): string {
  const folder = join(project, name);
  for (const file of ['worker.js', 'relaxed.wasm']) {
    copyFileSync(join(project, 'node_modules/saraf/dist', file), join(folder, file));
  }
  const html = join(folder, 'index.html');
  if (!existsSync(html)) writeFileSync(html, '<!doctype html><script type="module" src="/page.js"></script>\n');
  return folder;
}

function refuseWarnings(warnings: readonly string[]): void {
  if (warnings.length > 0) throw new Error(`the bundler warns: ${warnings.join('; ')}`);
}

const esbuild: Bundle = async (project, entry = 'page') => {
  const { warnings } = await buildWithEsbuild({
    absWorkingDir: project,
    entryPoints: { [entry]: `${entry}.js` },
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    outdir: 'esbuild',
    logLevel: 'silent',
  });
  refuseWarnings(warnings.map(({ text }) => text));
  return finish(project, 'esbuild');
};

const rolldown: Bundle = async (project, entry = 'page') => {
  const warnings: string[] = [];
  await buildWithRolldown({
    cwd: project,
    input: { [entry]: `./${entry}.js` },
    platform: 'browser',
    onLog: (_, { message }) => warnings.push(message),
    output: { dir: 'rolldown', minify: true },
  });
  refuseWarnings(warnings);
  return finish(project, 'rolldown');
};

const webpack5: Bundle = async (project, entry = 'page') => {
  const stats = await new Promise<webpack.Stats>((resolve, reject) =>
    webpack(
      {
        mode: 'production',
        context: project,
        entry: { [entry]: `./${entry}.js` },
        output: { path: join(project, 'webpack') },
        performance: false,
      },
      (error, result) => (result === undefined ? reject(error) : resolve(result)),
    ),
  );
  const { errors = [], warnings = [] } = stats.toJson({ errors: true, warnings: true });
  refuseWarnings([...errors, ...warnings].map(({ message }) => message));
  return finish(project, 'webpack');
};

const vite: Bundle = async (project, entry = 'page') => {
  const warnings: string[] = [];
  await buildWithVite({
    root: project,
    configFile: false,
    logLevel: 'silent',
    build: {
      outDir: 'vite',
      chunkSizeWarningLimit: 1000,
      rollupOptions: {
        ...(entry === 'page' ? {} : { input: `${entry}.js`, output: { entryFileNames: '[name].js' } }),
        onLog: (_: string, { message }: { message: string }) => warnings.push(message),
      },
    },
  });
  refuseWarnings(warnings);
  return finish(project, 'vite');
};

export const bundlers: Record<string, Bundle> = { esbuild, rolldown, 'webpack 5': webpack5, 'vite build': vite };

/** Words in messages of nn, which minifiers do not change. */
const ofLayers = ['kaimingNormal_', 'MultiheadAttention', 'BatchNorm'];

/** Throws if a bundle of only a product contains layers. */
export async function checkTreeShaking(project: string, bundle: Bundle): Promise<void> {
  writeFileSync(
    join(project, 'product.js'),
    "import { matmul, tensor } from 'saraf';\nglobalThis.product = matmul(tensor([[1, 2]]), tensor([[3], [4]])).item();\n",
  );
  const folder = await bundle(project, 'product');
  const text = readFileSync(join(folder, 'product.js'), 'utf8');
  const found = ofLayers.filter((word) => text.includes(word));
  if (found.length > 0) throw new Error(`a bundle of only matmul contains ${found.join(', ')}`);
  if (!text.includes('matmul')) throw new Error(`there is no product in ${readdirSync(folder).join(', ')}`);
}
