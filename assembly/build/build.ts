/**
 * Builds the kernels: writes the generated sources, compiles the plain and the relaxed variant with asc, moves their
 * constants into globals, and inlines both into bindings/generated/wasm.ts. Prints the sizes and fails when all wasm together passes the budget.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { encoders, structs } from './commands.ts';
import { constantsToGlobals } from './constants.ts';
import { tiles } from './tiles.ts';
import { markers, mathFunctions, mathMethods, unaryDispatch } from './unary.ts';

const BUDGET_BYTES = 100 * 1024;
const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const asc = join(dirname(createRequire(import.meta.url).resolve('assemblyscript/package.json')), 'bin/asc.js');

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

function compile(target: string): Uint8Array {
  const result = spawnSync(process.execPath, [asc, '--config', 'asconfig.json', '--target', target], {
    cwd: root,
    stdio: 'inherit',
  });
  if (result.status !== 0) process.exit(result.status ?? 1);
  const path = join(root, `build/out/${target}.wasm`);
  const bytes = constantsToGlobals(readFileSync(path));
  writeFileSync(path, bytes);
  return bytes;
}

write('assembly/generated/commands.ts', structs());
write('bindings/generated/encode.ts', encoders());
write('assembly/generated/tiles.ts', tiles());
write('assembly/generated/markers.ts', markers());
write('assembly/generated/unary.ts', unaryDispatch(join(root, 'assembly')));
write('src/generated/mathFunctions.ts', mathFunctions());
write('src/generated/mathMethods.ts', mathMethods());

const variants = ['plain', 'relaxed'] as const;
let total = 0;
const lines = variants.map((variant) => {
  const bytes = compile(variant);
  const zipped = gzipSync(bytes, { level: 9 }).length;
  total += zipped;
  console.log(`${variant}.wasm  ${bytes.length} bytes, ${zipped} gzipped`);
  return `export const ${variant} = '${Buffer.from(bytes).toString('base64')}';\n`;
});
console.log(`all wasm: ${(total / 1024).toFixed(1)} KB gzipped of ${BUDGET_BYTES / 1024} KB`);
if (total > BUDGET_BYTES) {
  console.error('all wasm together is past its budget');
  process.exit(1);
}
write('bindings/generated/wasm.ts', `// Made by assembly/build/build.ts. Do not edit.\n${lines.join('')}`);
