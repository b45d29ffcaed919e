/**
 * Cold starts: from import to the first product, each in a process, a worker or a page of its own. The runtimes and saraf's
 * program are those of test/runtimes; the others' programs are in cold/. All are installed in one project, saraf as the package
 * that users get.
 */
import { copyFileSync, cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { benchFolder, load, versionOf } from './load.ts';
import type { Library, Peer } from './types.ts';

/** The part of test/runtimes that is used here. Its packages are there only once it has been installed. */
interface Runtime {
  name: string;
  missing(): string | null;
  cold?(project: string, product: string): Promise<number>;
}
interface Project {
  project: string;
  remove(): void;
}

const runtimes = join(benchFolder, '../test/runtimes');
const packages = join(benchFolder, 'node_modules');
const BACKEND = '@tensorflow/tfjs-backend-wasm';

let project: Promise<Project> | null = null;
let users = 0;

/** A project with saraf, the others and their programs. */
async function create(): Promise<Project> {
  const { createProject } = await load<{ createProject(): Promise<Project> }>(join(runtimes, 'project.ts'));
  const created = await createProject();
  for (const name of ['@tensorflow', 'ml-matrix']) {
    symlinkSync(join(packages, name), join(created.project, 'node_modules', name));
  }
  cpSync(join(benchFolder, 'peers/cold'), created.project, { recursive: true });
  const page = join(created.project, 'esbuild');
  mkdirSync(page);
  for (const variant of ['', '-simd', '-threaded-simd']) {
    const file = `tfjs-backend-wasm${variant}.wasm`;
    copyFileSync(join(packages, BACKEND, 'dist', file), join(page, file));
  }
  return created;
}

async function open(product: string, version: string, note: string): Promise<Library> {
  const { processes } = await load<{ processes: Runtime[] }>(join(runtimes, 'processes.ts'));
  const { closeBrowser, pages } = await load<{ closeBrowser(): Promise<void>; pages: Runtime[] }>(
    join(runtimes, 'pages.ts'),
  );
  project ??= create();
  const created = await project;
  users++;
  return {
    version,
    note,
    cold: (name) => {
      const runtime = [...processes, ...pages].find((one) => one.name === name);
      const reason = runtime?.missing() ?? null;
      if (runtime?.cold === undefined || reason !== null) throw new Error(reason ?? `there is no ${name}`);
      const { cold } = runtime;
      return {
        time: async (reps) => {
          let ms = 0;
          for (let i = 0; i < reps; i++) ms += await cold(created.project, product);
          return ms;
        },
      };
    },
    close: () => {
      if (--users > 0) return;
      created.remove();
      void closeBrowser();
    },
  };
}

export const coldSaraf: Peer = {
  name: 'saraf',
  open: () => open('cold', 'this tree', 'the packed package; `tensor` and `matmul`'),
};
export const coldTfjs: Peer = {
  name: 'tfjs-wasm',
  open: () =>
    open('tfjsWasm', versionOf(BACKEND), 'tfjs-core and the wasm backend; `setBackend`, `tensor2d`, `matMul`'),
};
export const coldMlMatrix: Peer = {
  name: 'ml-matrix',
  open: () => open('mlMatrix', versionOf('ml-matrix'), 'plain JavaScript; `new Matrix`, `mmul`'),
};
