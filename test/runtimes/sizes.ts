/**
 * The cost of an import for a page: bundled and minified by esbuild and by rolldown (the bundler of Vite), then gzipped
 * at level 9. Files that are loaded on demand (WebGPU, data sets, the reference executor) do not count, except where
 * `gradcheck` imports that executor statically. Rolldown removes unused layers, esbuild keeps a whole namespace.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build as buildWithEsbuild } from 'esbuild';
import { rolldown } from 'rolldown';

const KB = 1024;

/** Imports, and the most KB that they may cost. */
const imports = [
  {
    name: 'everything',
    code: "import * as saraf from 'saraf'; globalThis.saraf = saraf;",
    budgets: { esbuild: 238, rolldown: 228 },
  },
  {
    name: 'layers and their weights, for inference',
    code: `import { loadSafetensors, nn, noGrad, tensor } from 'saraf';
      const model = new nn.Sequential(new nn.Conv2d(3, 8, 3), new nn.ReLU(), new nn.Flatten(), new nn.Linear(8, 2));
      model.loadStateDict(loadSafetensors(globalThis.bytes));
      globalThis.y = noGrad(() => model.forward(tensor([[[[1]]]])));`,
    budgets: { esbuild: 118, rolldown: 92 },
  },
  {
    name: 'a product',
    code: "import { matmul, tensor } from 'saraf'; globalThis.y = matmul(tensor([[1]]), tensor([[2]]));",
    budgets: { esbuild: 88, rolldown: 84 },
  },
  {
    name: 'saraf/kernels',
    code: "import * as kernels from 'saraf/kernels'; globalThis.kernels = kernels;",
    budgets: { esbuild: 61, rolldown: 61 },
  },
];

type Bundler = keyof (typeof imports)[number]['budgets'];

/** A file of a bundle, and the files that it imports statically. */
interface Part {
  text: string;
  imports: string[];
}

async function withEsbuild(project: string): Promise<Map<string, Part>> {
  const { outputFiles, metafile } = await buildWithEsbuild({
    absWorkingDir: project,
    entryPoints: ['size.js'],
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    outdir: 'sizes',
    metafile: true,
    write: false,
  });
  const parts = Object.entries(metafile.outputs).map(([file, { imports }]): [string, Part] => [
    file.replace('sizes/', ''),
    {
      text: outputFiles.find(({ path }) => path.endsWith(file))!.text,
      imports: imports.filter(({ kind }) => kind === 'import-statement').map(({ path }) => path.replace('sizes/', '')),
    },
  ]);
  return new Map(parts);
}

async function withRolldown(project: string): Promise<Map<string, Part>> {
  const bundle = await rolldown({ cwd: project, input: './size.js', platform: 'browser' });
  const { output } = await bundle.generate({ minify: true });
  const chunks = output.filter((part) => part.type === 'chunk');
  return new Map(chunks.map(({ fileName, code, imports }) => [fileName, { text: code, imports }]));
}

const bundlers: Record<Bundler, typeof withEsbuild> = { esbuild: withEsbuild, rolldown: withRolldown };

export interface Size {
  name: string;
  bundler: string;
  bytes: number;
  budget: number;
}

export async function measureSizes(project: string): Promise<Size[]> {
  const sizes: Size[] = [];
  for (const { name, code, budgets } of imports) {
    writeFileSync(join(project, 'size.js'), code);
    for (const bundler of Object.keys(bundlers) as Bundler[]) {
      const parts = await bundlers[bundler](project);
      const atOnce = new Set(['size.js']);
      for (const file of atOnce) for (const other of parts.get(file)!.imports) atOnce.add(other);
      const bytes = [...atOnce].reduce((sum, file) => sum + gzipSync(parts.get(file)!.text, { level: 9 }).length, 0);
      sizes.push({ name, bundler, bytes, budget: budgets[bundler] * KB });
    }
  }
  return sizes;
}
