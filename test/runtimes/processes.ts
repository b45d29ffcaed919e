/** Runtimes that are started as a process: Node, Deno, Bun, workerd; and QuickJS, which runs inside this process. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { type Cold, writeProgram } from './cold.ts';
import { here, type Outcome, outcomeOf, start } from './project.ts';
import { runQuickJs } from './quickjs.ts';

export interface Target {
  name: string;
  /** Why it cannot run here, or null. */
  missing(): string | null;
  /** Runs the program. Throws when it fails. */
  run(project: string): Promise<Outcome>;
  /** Checks that `require` works too. Missing where there is none. */
  require?(project: string): Promise<void>;
  /** Milliseconds from import to the first product; in workerd, whose clock stands still, the CPU time beyond that of an empty worker. */
  cold?: Cold;
}

const installed = (path: string) => join(here, 'node_modules', path);
const major = process.versions.node.split('.')[0]!;

function runtime(name: string, binary: string, flags: string[] = []): Target {
  const run = (project: string, file: string) => start(project, binary, [...flags, file]);
  return {
    name,
    missing: () => (existsSync(binary) ? null : `${binary} is missing`),
    run: async (project) => outcomeOf(await run(project, 'main.js')),
    require: async (project) => {
      const printed = await run(project, 'required.cjs');
      if (printed !== '3 function') throw new Error(`require: printed ${printed}`);
    },
    cold: async (project, product) => Number(await run(project, `${writeProgram('process', project, product)}.js`)),
  };
}

const workerdBinary = installed('@cloudflare/workerd-linux-64/bin/workerd');
const config = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (services = [(name = "main", worker = (
  modules = [
    (name = "worker.js", esModule = embed "worker.js"),
    (name = "plain.wasm", wasm = embed "../node_modules/saraf/dist/plain.wasm"),
    (name = "relaxed.wasm", wasm = embed "../node_modules/saraf/dist/relaxed.wasm"),
  ],
  compatibilityDate = "2026-11-01",
  compatibilityFlags = ["nodejs_compat"],
))]);
`;

/** Bundles as workerd's own tools do: with its condition first, kernels as separate modules. */
async function bundleWorker(project: string, entry: string): Promise<string> {
  const outdir = `workerd-${entry}`;
  await build({
    absWorkingDir: project,
    entryPoints: { worker: entry },
    bundle: true,
    format: 'esm',
    conditions: ['workerd', 'worker', 'browser'],
    outdir,
    plugins: [
      {
        name: 'wasm modules',
        setup: ({ onResolve }) =>
          onResolve({ filter: /\.wasm$/ }, ({ path }) => ({ path: path.replace(/.*\//, './'), external: true })),
      },
    ],
  });
  writeFileSync(join(project, outdir, 'config.capnp'), config);
  return `${outdir}/config.capnp`;
}

async function runWorkerd(project: string): Promise<Outcome> {
  return outcomeOf(await start(project, workerdBinary, ['test', await bundleWorker(project, 'worker.js')]));
}

/** Milliseconds of CPU time that the start of a worker takes. */
async function cpuOfWorker(project: string, config: string): Promise<number> {
  const timed = `TIMEFORMAT='%U %S'; { time "$0" test "$1" 2>/dev/null; } 2>&1`;
  const printed = await start(project, 'bash', ['-c', timed, workerdBinary, config]);
  return printed.split(' ').reduce((sum, text) => sum + Number(text) * 1000, 0);
}

/** Bundled workers, by their entries. */
const bundled = new Map<string, Promise<string>>();

const coldWorkerd: Cold = async (project, product) => {
  const [config, empty] = await Promise.all(
    (['worker', 'emptyWorker'] as const).map((kind) => {
      const entry = `${writeProgram(kind, project, product)}.js`;
      const key = join(project, entry);
      if (!bundled.has(key)) bundled.set(key, bundleWorker(project, entry));
      return bundled.get(key)!;
    }),
  );
  return (await cpuOfWorker(project, config!)) - (await cpuOfWorker(project, empty!));
};

export const processes: Target[] = [
  runtime(`Node ${major}`, process.execPath),
  ...['22', '24', '26']
    .filter((version) => version !== major)
    .map((version) => runtime(`Node ${version}`, installed(`node${version}/bin/node`))),
  runtime('Node without WebAssembly', process.execPath, ['--jitless']),
  { name: 'QuickJS', missing: () => null, run: runQuickJs },
  runtime('Deno', installed('@deno/linux-x64-glibc/deno'), ['run', '--allow-all']),
  runtime('Bun', installed('@oven/bun-linux-x64/bin/bun')),
  {
    name: 'workerd (Cloudflare)',
    missing: () => (existsSync(workerdBinary) ? null : `${workerdBinary} is missing`),
    run: runWorkerd,
    cold: coldWorkerd,
  },
];
