/** Pages in headless Chromium: bundles of the program, served with and without isolation, and under a strict policy. */
import { existsSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { extname, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { bundlers } from './bundlers.ts';
import { type Cold, writeProgram } from './cold.ts';
import type { Target } from './processes.ts';
import type { Outcome } from './project.ts';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const types: Record<string, string> = { '.js': 'text/javascript', '.html': 'text/html', '.wasm': 'application/wasm' };
export type Headers = Record<string, string>;

export const isolated: Headers = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};
const strict: Headers = {
  ...isolated,
  'content-security-policy': "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'",
};
/** The policy that is enough according to the README. */
const enough: Headers = { ...isolated, 'content-security-policy': "script-src 'self' 'wasm-unsafe-eval'" };

/** Serves a folder. */
function serve(folder: string, headers: Headers): Promise<{ origin: string; server: Server }> {
  const server = createServer(async ({ url = '/' }, response) => {
    const { pathname } = new URL(url, 'http://localhost');
    const file = pathname === '/' ? '/index.html' : pathname;
    try {
      const body = await readFile(join(folder, file));
      response.writeHead(200, { ...headers, 'content-type': types[extname(file)] ?? 'text/plain' }).end(body);
    } catch {
      response.writeHead(file === '/favicon.ico' ? 204 : 404, headers).end();
    }
  });
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve({
        server,
        origin: `http://localhost:${typeof address === 'object' && address !== null ? address.port : 0}`,
      });
    }),
  );
}

let browser: Promise<Browser> | null = null;

export async function closeBrowser(): Promise<void> {
  await (await browser)?.close();
}

/** The outcome that a page must report. */
interface Failing {
  error?: string;
}

/** Options of a page besides its address. */
interface Visit {
  /** A script that runs first in the page. */
  before?: string;
  /** Complaints of the browser itself that are allowed. */
  expected?: RegExp;
}

/** Opens a page and waits for the program's outcome. Complaints of the page are errors. */
async function visit<T extends Failing = Outcome>(url: string, { before = '', expected }: Visit = {}): Promise<T> {
  browser ??= chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  // Each page has its own context: nothing is cached.
  const tab = await (await browser).newPage();
  await tab.addInitScript(before);
  const complaints: string[] = [];
  tab.on('pageerror', (error) => complaints.push(String(error)));
  tab.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()) && !expected?.test(message.text())) {
      complaints.push(message.text());
    }
  });
  try {
    await tab.goto(url);
    await tab.waitForFunction('globalThis.outcome !== undefined', undefined, { timeout: 60_000 });
    const outcome = await tab.evaluate<T>('globalThis.outcome');
    if (outcome.error !== undefined) throw new Error(outcome.error);
    if (complaints.length > 0) throw new Error(`the page complains: ${complaints.join('; ')}`);
    return outcome;
  } catch (error) {
    throw new Error(`${error}${complaints.length > 0 ? ` (${complaints.join('; ')})` : ''}`);
  } finally {
    await tab.close();
  }
}

async function serveAndVisit<T extends Failing = Outcome>(
  folder: string,
  headers: Headers,
  path = '',
  how: Visit = {},
): Promise<T> {
  const { origin, server } = await serve(folder, headers);
  try {
    return await visit<T>(`${origin}/${path}`, how);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

/** Bundled pages of cold starts, and their folders. */
const bundled = new Map<string, Promise<string>>();

const cold: Cold = async (project, product) => {
  const page = writeProgram('page', project, product);
  const key = join(project, page);
  if (!bundled.has(key)) bundled.set(key, bundlers.esbuild!(project, page));
  const folder = await bundled.get(key)!;
  writeFileSync(join(folder, `${page}.html`), `<!doctype html><script type="module" src="/${page}.js"></script>\n`);
  return (await serveAndVisit<{ taken: number } & Failing>(folder, {}, `${page}.html`)).taken;
};

const missing = () => (existsSync(CHROMIUM) ? null : `${CHROMIUM} is missing (apt-get install chromium)`);

function page(name: string, headers: Headers, query = ''): Target {
  return { name, missing, run: async (project) => serveAndVisit(await bundlers.esbuild!(project), headers, query) };
}

export const pages: Target[] = [
  { ...page('Chromium', {}), cold },
  page('Chromium, cross-origin isolated', isolated),
  page('Chromium, isolated, strict CSP', strict, '?workerUrl=/worker.js'),
  {
    name: 'Chromium, isolated, strict CSP, no `workerUrl`',
    missing,
    run: async (project) => {
      const expected = /^Creating a worker from 'blob:.*violates the following Content Security Policy directive/;
      const outcome = await serveAndVisit(await bundlers.esbuild!(project), enough, '', { expected });
      if (
        outcome.threads !== 1 ||
        !/^1 of 1 workers did not start: .*Content Security Policy/.test(outcome.threadsNote ?? '')
      ) {
        throw new Error(`runs on ${outcome.threads} threads, with the note: ${outcome.threadsNote}`);
      }
      return outcome;
    },
  },
  page('Chromium, isolated, hosting wasm and worker', isolated, '?wasm=/relaxed.wasm&workerUrl=/worker.js'),
  {
    name: 'Chromium without WebAssembly',
    missing,
    run: async (project) => {
      const outcome = await serveAndVisit(await bundlers.esbuild!(project), {}, '?early=1', {
        before: 'delete globalThis.WebAssembly',
      });
      if (outcome.device !== 'reference') throw new Error(`runs on ${outcome.device}`);
      return outcome;
    },
  },
  {
    name: 'Chromium, CSP that forbids WebAssembly',
    missing,
    run: async (project) => {
      const headers = { 'content-security-policy': "script-src 'self'" };
      const expected = /WebAssembly.*violates the following Content Security Policy directive/i;
      const outcome = await serveAndVisit(await bundlers.esbuild!(project), headers, '', { expected });
      if (outcome.device !== 'reference') throw new Error(`runs on ${outcome.device}`);
      return outcome;
    },
  },
  ...Object.entries(bundlers).map(([name, bundle]) => ({
    name: `${name} → Chromium`,
    missing,
    run: async (project: string) => serveAndVisit(await bundle(project), isolated),
  })),
  {
    name: 'vite dev → Chromium',
    missing,
    run: async (project) => {
      const { createServer: createVite } = await import('vite');
      const server = await createVite({
        root: project,
        configFile: false,
        logLevel: 'error',
        server: { headers: isolated, host: '127.0.0.1' },
      });
      try {
        await server.listen();
        return await visit(server.resolvedUrls!.local[0]!);
      } finally {
        await server.close();
      }
    },
  },
];
