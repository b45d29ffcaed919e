/** `init({ wasm, workerUrl })`: kernels and worker script from outside, each case in a separate process. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { moduleBytes } from '../../bindings/wasm/module.ts';
import { supports } from '../../bindings/wasm/probe.ts';
import { workerSource } from '../../bindings/wasm/worker.ts';
import { ArgumentError, init } from '../../src/index.ts';
import { runModule } from '../support/runModule.ts';

let folder: string;
const path = (name: string) => join(folder, name);
const url = (name: string) => String(pathToFileURL(path(name)));

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'saraf-'));
  writeFileSync(path('plain.wasm'), moduleBytes('plain'));
  writeFileSync(path('relaxed.wasm'), moduleBytes('relaxed'));
  writeFileSync(path('worker.mjs'), workerSource);
  writeFileSync(path('worker.cjs'), workerSource);
  writeFileSync(path('broken.cjs'), 'throw new Error("broken")');
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Prints what `init` says after a product on all threads. */
const product = (options: string) => `
  import { readFileSync } from 'node:fs';
  import { init, randn, runtimeInfo } from 'SARAF';
  const file = (name) => readFileSync(${JSON.stringify(folder)} + '/' + name);
  await init(${options});
  const a = randn([400, 400]);
  const b = a.matmul(a).sum().item();
  const { simd, threads, threadsNote, wasmBytes } = runtimeInfo();
  console.log(JSON.stringify([Number.isFinite(b), simd, threads, threadsNote ?? null, wasmBytes]));`;

const size = moduleBytes('plain').length;

describe('init({ wasm })', () => {
  test.each([
    ['bytes', "{ wasm: file('plain.wasm') }"],
    ['an ArrayBuffer', "{ wasm: new Uint8Array(file('plain.wasm')).buffer }"],
    ['the URL of a file', `{ wasm: new URL('URL/plain.wasm') }`],
  ])('accepts %s', (_, options) => {
    const text = product(options.replace('URL/plain.wasm', url('plain.wasm')));
    expect(JSON.parse(runModule(text))).toEqual([true, 'simd128', 1, null, size]);
  });

  test('gives bytes to all threads', () => {
    const result = runModule(product("{ wasm: file('plain.wasm'), threads: 2 }"));
    expect(JSON.parse(result)).toEqual([true, 'simd128', 2, null, size]);
  });

  test('runs a module on one thread', () => {
    const result = runModule(product("{ wasm: new WebAssembly.Module(file('plain.wasm')), threads: 2 }"));
    const note = 'wasm is a module, which cannot have shared memory; give its bytes';
    expect(JSON.parse(result)).toEqual([true, 'simd128', 1, note, 0]);
  });

  test('accepts a module where bytes cannot be compiled', () => {
    const text = `
      import { readFileSync } from 'node:fs';
      import { init, tensor } from 'SARAF';
      const wasm = new WebAssembly.Module(readFileSync(${JSON.stringify(path('plain.wasm'))}));
      const { Module } = WebAssembly;
      WebAssembly.Module = new Proxy(Module, { construct() { throw new WebAssembly.CompileError('forbidden'); } });
      await init({ wasm });
      console.log(tensor([1, 2]).add(1).toArray().join());`;
    expect(runModule(text)).toBe('2,3');
  });

  test('accepts the URL of a server', async () => {
    const server = createServer((request, response) => {
      if (request.url !== '/plain.wasm') response.writeHead(404).end();
      else response.end(moduleBytes('plain'));
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    try {
      const { port } = server.address() as { port: number };
      const { wasmBytes } = await init({ wasm: new URL(`http://127.0.0.1:${port}/plain.wasm`) });
      expect(wasmBytes).toBe(size);
      await expect(init({ wasm: new URL(`http://127.0.0.1:${port}/none`) })).rejects.toThrow('HTTP status 404');
    } finally {
      server.close();
    }
  });

  test('works in saraf/kernels too', () => {
    const text = `import { init, sum } from 'KERNELS';
      const { simd } = await init({ wasm: new URL('${url('plain.wasm')}') });
      console.log(simd, sum({ x: Float32Array.of(1, 2, 3) }));`;
    expect(runModule(text)).toBe('simd128 6');
  });

  test('refuses anything that is not the kernels of this version', async () => {
    const changed = moduleBytes('plain').slice();
    const other = new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
    const cases: [unknown, string][] = [
      [7, 'init: wasm must be bytes, a WebAssembly.Module or a URL, got 7'],
      ['plain.wasm', 'init: wasm must be bytes, a WebAssembly.Module or a URL, got plain.wasm'],
      [null, 'init: wasm must not be null'],
      [new Uint8Array([1, 2, 3]), 'init: wasm cannot be compiled'],
      [changed.subarray(0, 1000), 'init: wasm cannot be compiled'],
      [other, "init: wasm is not a module of this version's kernels"],
      [new URL('file:///no/such/file.wasm'), 'init: wasm could not be loaded from file:///no/such/file.wasm'],
    ];
    for (const [wasm, message] of cases) {
      const refused = init({ wasm: wasm as never });
      await expect(refused).rejects.toThrow(ArgumentError);
      await expect(refused).rejects.toThrow(message);
    }
  });

  test('refuses the kernels of another command table', async () => {
    const { GivenKernels } = await import('../../bindings/wasm/given.ts');
    const { TABLE_HASH } = await import('../../bindings/generated/encode.ts');
    const bytes = moduleBytes('plain').slice();
    const leb = (value: number): number[] => {
      const out: number[] = [];
      for (let rest = value | 0, more = true; more; ) {
        const low = rest & 0x7f;
        rest >>= 7;
        more = !((rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0));
        out.push(more ? low | 0x80 : low);
      }
      return out;
    };
    const wanted = [0x41, ...leb(TABLE_HASH)];
    const at = bytes.findIndex((_, i) => wanted.every((byte, j) => bytes[i + j] === byte));
    expect(at).toBeGreaterThan(0);
    bytes[at + 1]! ^= 1;
    expect(() => new GivenKernels(bytes)).toThrow('init: wasm holds the kernels of another version of saraf');
  });

  test.runIf(supports('relaxed'))('tells the variants apart', async () => {
    const wasm = moduleBytes('relaxed');
    expect((await init({ wasm })).simd).toBe('relaxed');
    await expect(init({ wasm, deterministic: true })).rejects.toThrow(
      'init: wasm must be plain.wasm for deterministic: true',
    );
    expect((await init({ wasm: moduleBytes('plain'), deterministic: true })).simd).toBe('simd128');
  });
});

describe('init({ workerUrl })', () => {
  test.each([
    ['a URL', () => `new URL('${url('worker.mjs')}')`],
    ['the text of a URL', () => `'${url('worker.cjs')}'`],
    ['a path', () => `'${path('worker.mjs')}'`],
    ['a data URL', () => `'data:text/javascript,${encodeURIComponent(workerSource).replaceAll("'", '%27')}'`],
  ])('starts workers from %s', (_, workerUrl) => {
    const result = runModule(product(`{ threads: 3, deterministic: true, workerUrl: ${workerUrl()} }`));
    expect(JSON.parse(result)).toEqual([true, 'simd128', 3, null, size]);
  });

  test.each([
    ['no such file', 'none.mjs', /3 of 3 workers did not start: .*none\.mjs/],
    ['a script that fails', 'broken.cjs', /3 of 3 workers did not start: Error: broken/],
  ])('with %s gives one thread and a note', (_, name, note) => {
    const [, , threads, threadsNote] = JSON.parse(runModule(product(`{ threads: 4, workerUrl: '${url(name)}' }`)));
    expect(threads).toBe(1);
    expect(threadsNote).toMatch(note);
  });

  test('refuses a value that is not a URL', async () => {
    for (const workerUrl of [7, '', {}] as never[]) {
      await expect(init({ workerUrl })).rejects.toThrow('init: workerUrl must be a URL, got');
    }
  });
});
