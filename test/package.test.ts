/**
 * The built package as users get it (`npm run build` first). Node itself loads it, by `import` and by `require`, with
 * and without WebAssembly.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What a fresh Node process prints. */
function run(flags: string[], code: string): string {
  return execFileSync(process.execPath, [...flags, '-e', code], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim();
}

const step = `
  const x = s.tensor([[1, 2], [3, 4]], { requiresGrad: true });
  x.matmul(x).sum().backward();
  console.log(JSON.stringify(x.grad.toArray()), s.runtimeInfo().device);
`;
const gradient = '[[7,11],[9,13]]';

describe('the built package', () => {
  it('is imported as a module', () => {
    expect(run(['--input-type=module'], `import * as s from 'saraf'; ${step}`)).toBe(`${gradient} wasm`);
  });

  it('is required from CommonJS', () => {
    expect(run([], `const s = require('saraf'); ${step}`)).toBe(`${gradient} wasm`);
  });

  it.each([
    ['there is no WebAssembly', 'delete globalThis.WebAssembly;'],
    [
      'compiling is forbidden',
      `WebAssembly.Module = class { constructor() { throw new WebAssembly.CompileError('policy'); } };`,
    ],
  ])('runs on the reference executor where %s', (_, before) => {
    expect(run(['--input-type=module'], `${before} const s = await import('saraf'); ${step}`)).toBe(
      `${gradient} reference`,
    );
  });

  it('says which policy forbids the kernels', () => {
    const code = `WebAssembly.Module = class { constructor() { throw new WebAssembly.CompileError('policy'); } };
      const s = await import('saraf');
      try { s.tensor([1], { device: 'wasm' }); } catch (error) { console.log(error.name, error.message); }`;
    expect(run(['--input-type=module'], code)).toBe(
      "DeviceError device wasm: the page's Content Security Policy forbids WebAssembly (script-src needs 'wasm-unsafe-eval')",
    );
  });

  it.each([
    ['delete globalThis.WebAssembly;', 's.tensor([1])', 'init()', ' (this engine has no WebAssembly with SIMD)'],
    ['', "s.tensor([1]).to('reference')", "init({ device: 'reference' })", ''],
  ])('loads the reference executor for bundlers on demand (%s)', (before, use, call, why) => {
    const code = `${before} const s = await import('./dist/src/index.js');
      try { ${use} } catch (error) { console.log(error.name, error.message); }
      await s.${call};
      ${step} ${use};`;
    expect(run(['--input-type=module'], code).split('\n')).toEqual([
      `DeviceError device reference: its code is loaded on demand${why}: call await ${call} once first`,
      `${gradient} reference`,
    ]);
  });

  it('has separate entries for kernels and files', () => {
    const code = `import { sum } from 'saraf/kernels'; import { mnist } from 'saraf/node'; console.log(sum({ x: new Float32Array([1, 2]) }), typeof mnist);`;
    expect(run(['--input-type=module'], code)).toBe('3 function');
  });

  it('offers the kernels and the worker script as files to host', () => {
    const code = `import { init } from 'saraf';
      const [wasm, workerUrl] = ['saraf/plain.wasm', 'saraf/worker.js'].map((name) => new URL(import.meta.resolve(name)));
      const { simd, threads } = await init({ wasm, workerUrl, threads: 2 });
      console.log(simd, threads);`;
    expect(run(['--input-type=module'], code)).toBe('simd128 2');
  });

  it('runs where code must not be generated from strings', () => {
    const flags = ['--disallow-code-generation-from-strings', '--input-type=module'];
    expect(run(flags, `import * as s from 'saraf'; ${step}`)).toBe(`${gradient} wasm`);
  });

  it('has declarations that compile in a strict project that checks those of its libraries', () => {
    const project = mkdtempSync(join(tmpdir(), 'saraf-types-'));
    try {
      mkdirSync(join(project, 'node_modules'));
      symlinkSync(root, join(project, 'node_modules/saraf'));
      const compilerOptions = {
        strict: true,
        skipLibCheck: false,
        target: 'es2022',
        lib: ['es2022', 'dom', 'esnext.disposable'],
        module: 'nodenext',
        types: [],
        noEmit: true,
      };
      writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
      writeFileSync(
        join(project, 'index.ts'),
        `import { nn, tensor } from 'saraf';
        import { sum } from 'saraf/kernels';
        import { mnist } from 'saraf/node';
        class Indexed extends nn.Linear {
          0 = 1;
        }
        export const shape: readonly number[] = new Indexed(2, 3).forward(tensor([[1, 2]])).shape;
        export const all = [sum, mnist];`,
      );
      const tsc = join(root, 'node_modules/typescript/bin/tsc');
      expect(spawnSync(process.execPath, [tsc, '-p', project], { encoding: 'utf8' }).stdout).toBe('');
    } finally {
      rmSync(project, { recursive: true, force: true });
    }
  });

  it("runs the README's example unchanged", () => {
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
    const code = /```js\n([\s\S]*?)```/.exec(readme)![1]!;
    const printed = JSON.parse(
      run(['--input-type=module'], `const console = { log: (v) => process.stdout.write(JSON.stringify(v)) };\n${code}`),
    );
    expect(printed.map(([value]: [number]) => Math.round(value * 20) / 20)).toEqual([0, 1, 1, 0]);
  });
});
