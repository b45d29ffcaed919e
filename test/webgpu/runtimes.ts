/**
 * Runs smoke.js against the built package in Node, headless Chromium, and Deno with each software GPU: `npx tsx
 * test/webgpu/runtimes.ts [runtime …]`. A runtime that is not installed (for Node: no Vulkan driver) is named and skipped; it fails
 * when a runtime fails. Deno is that of test/runtimes (`npm ci` there), or the one on the path.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';

const root = fileURLToPath(new URL('../../', import.meta.url));
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json';
const LAVAPIPE = '/usr/share/vulkan/icd.d/lvp_icd.x86_64.json';
const INSTALLED = join(root, 'test/runtimes/node_modules/@deno/linux-x64-glibc/deno');
const DENO = existsSync(INSTALLED) ? INSTALLED : 'deno';
const execute = promisify(execFile);

const types: Record<string, string> = { '.js': 'text/javascript', '.html': 'text/html' };
/** Where the runtimes find the built package and what it imports. */
const imports = (base: string) => ({
  imports: {
    saraf: `${base}dist/src/index.js`,
    '@assemblyscript/loader': `${base}node_modules/@assemblyscript/loader/index.js`,
    '@bufbuild/protobuf/wire': `${base}node_modules/@bufbuild/protobuf/dist/esm/wire/index.js`,
  },
});

function environment(): NodeJS.ProcessEnv {
  if (process.env.VK_DRIVER_FILES !== undefined || !existsSync(SWIFTSHADER)) return process.env;
  return { ...process.env, VK_DRIVER_FILES: SWIFTSHADER, VK_ICD_FILENAMES: SWIFTSHADER };
}

async function inNode(): Promise<string | null> {
  if (environment().VK_DRIVER_FILES === undefined) return null;
  const code =
    "import('./test/webgpu/smoke.js').then(({ run }) => run()).then((text) => { console.log(text); process.exit(0); })";
  const { stdout } = await execute(process.execPath, ['-e', code], { cwd: root, env: environment() });
  return stdout.trim();
}

/** With the Vulkan driver of a file, or whichever there is. */
async function inDeno(driver?: string): Promise<string | null> {
  if (driver !== undefined && !existsSync(driver)) return null;
  const env =
    driver === undefined ? environment() : { ...process.env, VK_DRIVER_FILES: driver, VK_ICD_FILENAMES: driver };
  const map = join(tmpdir(), `saraf-imports-${process.pid}.json`);
  const base = pathToFileURL(root).href;
  await writeFile(map, JSON.stringify(imports(base)));
  const code = `import { run } from '${base}test/webgpu/smoke.js'; console.log(await run()); Deno.exit(0);`;
  const file = join(tmpdir(), `saraf-smoke-${process.pid}.js`);
  await writeFile(file, code);
  try {
    const { stdout } = await execute(DENO, ['run', '-A', `--import-map=${map}`, file], { env });
    return stdout.trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

async function inChromium(): Promise<string | null> {
  if (!existsSync(CHROMIUM)) return null;
  const page = `<script type="importmap">${JSON.stringify(imports('/'))}</script>`;
  const server = createServer(async ({ url = '/' }, response) => {
    try {
      const body = url === '/' ? page : await readFile(join(root, new URL(url, 'http://localhost').pathname));
      response.writeHead(200, { 'content-type': url === '/' ? types['.html'] : (types[extname(url)] ?? 'text/plain') });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--enable-unsafe-webgpu', '--no-sandbox'] });
  try {
    const tab = await browser.newPage();
    await tab.goto(`http://localhost:${port}/`);
    return await tab.evaluate<string>("import('/test/webgpu/smoke.js').then(({ run }) => run())");
  } finally {
    await browser.close();
    server.close();
  }
}

const runtimes: Record<string, () => Promise<string | null>> = {
  node: inNode,
  chromium: inChromium,
  deno: () => inDeno(),
  'deno on lavapipe': () => inDeno(LAVAPIPE),
};
const wanted = process.argv.slice(2);
let failed = false;
for (const name of wanted.length === 0 ? Object.keys(runtimes) : wanted) {
  try {
    console.log((await runtimes[name]?.()) ?? `${name}: not installed, skipped`);
  } catch (error) {
    failed = true;
    console.error(`${name}: ${error}`);
  }
}
process.exit(failed ? 1 : 0);
