/** What an import costs a page: bundled by esbuild, minified, gzipped at level 9; what is loaded on demand (WebGPU, data sets) does not count. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const KB = 1024;

/** Imports and what they may cost at most, in KB. */
const imports = [
  {
    name: 'everything',
    code: "import * as saraf from 'saraf'; globalThis.saraf = saraf;",
    budget: 180,
  },
  {
    name: 'inference (layers, weights)',
    code: `import { loadSafetensors, nn, noGrad, tensor } from 'saraf';
      const model = new nn.Sequential(new nn.Linear(2, 2));
      model.loadStateDict(loadSafetensors(globalThis.bytes));
      globalThis.y = noGrad(() => model.forward(tensor([[1, 2]])));`,
    budget: 110,
  },
  {
    name: 'a product',
    code: "import { matmul, tensor } from 'saraf'; globalThis.y = matmul(tensor([[1]]), tensor([[2]]));",
    budget: 90,
  },
  {
    name: 'saraf/kernels',
    code: "import * as kernels from 'saraf/kernels'; globalThis.kernels = kernels;",
    budget: 60,
  },
];

export interface Size {
  name: string;
  bytes: number;
  budget: number;
}

/** Bytes of the entry and of what it imports at once. */
export async function measureSizes(project: string): Promise<Size[]> {
  const sizes: Size[] = [];
  for (const { name, code, budget } of imports) {
    writeFileSync(join(project, 'size.js'), code);
    const { outputFiles, metafile } = await build({
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
    const atOnce = new Set(['sizes/size.js']);
    for (const file of atOnce) {
      for (const { path, kind } of metafile.outputs[file]!.imports) if (kind === 'import-statement') atOnce.add(path);
    }
    const files = outputFiles.filter(({ path }) => [...atOnce].some((file) => path.endsWith(file)));
    const bytes = files.reduce((sum, { contents }) => sum + gzipSync(contents, { level: 9 }).length, 0);
    sizes.push({ name, bytes, budget: budget * KB });
  }
  return sizes;
}
