/** Runtimes with WebGPU in software: each loads a module of this repository and calls its `run`. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json';
const LAVAPIPE = '/usr/share/vulkan/icd.d/lvp_icd.x86_64.json';
const INSTALLED = join(root, 'test/runtimes/node_modules/@deno/linux-x64-glibc/deno');
const DENO = existsSync(INSTALLED) ? INSTALLED : 'deno';
const TIMEOUT = 300_000;
const execute = promisify(execFile);

export interface Host {
  /** The result of `run(argument)` of a module, in a separate process. The module is given by its path in the repository. */
  call(module: string, argument?: string): Promise<unknown>;
  close(): void;
}

/** The code that calls it, for a module at an address that the runtime can load. */
const caller = (module: string, argument = '') =>
  `import(${JSON.stringify(module)}).then(({ run }) => run(${JSON.stringify(argument)}))`;
/** Prints the result as the last line. */
const printer = (module: string, argument = '') =>
  `${caller(module, argument)}.then((result) => { console.log(JSON.stringify(result)); process.exit(0); })`;
const lastLine = (text: string): unknown => JSON.parse(text.trimEnd().split('\n').at(-1)!);

/** Where browsers and Deno find the built package and what it imports. */
const imports = (base: string) => ({
  imports: {
    saraf: `${base}dist/src/index.js`,
    '@assemblyscript/loader': `${base}node_modules/@assemblyscript/loader/index.js`,
    '@bufbuild/protobuf/wire': `${base}node_modules/@bufbuild/protobuf/dist/esm/wire/index.js`,
  },
});

const withDriver = (driver: string) => ({ ...process.env, VK_DRIVER_FILES: driver, VK_ICD_FILENAMES: driver });

async function node(): Promise<Host | null> {
  if (!existsSync(SWIFTSHADER)) return null;
  const options = { cwd: root, env: withDriver(SWIFTSHADER), timeout: TIMEOUT };
  return {
    async call(module, argument) {
      const { stdout } = await execute(
        process.execPath,
        ['--expose-gc', '-e', printer(`./${module}`, argument)],
        options,
      );
      return lastLine(stdout);
    },
    close: () => {},
  };
}

async function deno(driver: string): Promise<Host | null> {
  if (!existsSync(driver)) return null;
  try {
    await execute(DENO, ['--version']);
  } catch {
    return null;
  }
  const base = pathToFileURL(root).href;
  const map = `data:application/json,${encodeURIComponent(JSON.stringify(imports(base)))}`;
  const flags = ['--v8-flags=--expose-gc', `--import-map=${map}`];
  const options = { cwd: root, env: withDriver(driver), timeout: TIMEOUT };
  return {
    async call(module, argument) {
      const { stdout } = await execute(DENO, ['eval', ...flags, printer(base + module, argument)], options);
      return lastLine(stdout);
    },
    close: () => {},
  };
}

const types: Record<string, string> = { '.js': 'text/javascript' };

async function browser(): Promise<Host | null> {
  if (!existsSync(CHROMIUM)) return null;
  const page = `<script type="importmap">${JSON.stringify(imports('/'))}</script>`;
  const server = createServer(async ({ url = '/' }, response) => {
    try {
      const body = url === '/' ? page : await readFile(join(root, new URL(url, 'http://localhost').pathname));
      response.writeHead(200, { 'content-type': url === '/' ? 'text/html' : (types[extname(url)] ?? 'text/plain') });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const args = ['--enable-unsafe-webgpu', '--no-sandbox', '--js-flags=--expose-gc'];
  return {
    async call(module, argument) {
      // One browser per call: each has one process for the GPU.
      const app = await chromium.launch({ executablePath: CHROMIUM, args });
      try {
        const tab = await app.newPage();
        await tab.goto(`http://localhost:${port}/`);
        const failure = new Promise((_, reject) => {
          tab.on('pageerror', reject);
          setTimeout(() => reject(new Error(`${module}: no answer within ${TIMEOUT / 1000} s`)), TIMEOUT).unref();
        });
        return await Promise.race([tab.evaluate(caller(`/${module}`, argument)), failure]);
      } finally {
        await app.close();
      }
    },
    close: () => void server.close(),
  };
}

/** Each opens a runtime, or returns null if it or its GPU is not installed. */
export const hosts: Record<string, () => Promise<Host | null>> = {
  node,
  chromium: browser,
  deno: () => deno(SWIFTSHADER),
  'deno on lavapipe': () => deno(LAVAPIPE),
};
