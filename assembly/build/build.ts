/**
 * Builds the kernels: writes the generated sources, compiles them with asc, moves their constants into globals, makes the plain
 * variant of the relaxed one, and inlines it, packed, into bindings/generated/wasm.ts. Prints the sizes and fails when the wasm of
 * an import exceeds the budget.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { encoders, structs } from './commands.ts';
import { constantsToGlobals } from './constants.ts';
import { costFunction, costKernel } from './cost.ts';
import { dispatch } from './dispatch.ts';
import { pack, unpack } from './pack.ts';
import { tiles } from './tiles.ts';
import { markers, mathFunctions, mathMethods, mathSaves, unaryDispatch, unaryOp } from './unary.ts';
import { unfuse } from './unfuse.ts';

const BUDGET_BYTES = 100 * 1024;
const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const asc = join(dirname(createRequire(import.meta.url).resolve('assemblyscript/package.json')), 'bin/asc.js');

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

/** Printed by asc when another round of its optimizer did not make the module smaller, which is how the rounds end. */
const ROUNDS_HAVE_ENDED = 'Last converge was suboptimal.\n';

function compile(...options: string[]): void {
  const result = spawnSync(process.execPath, [asc, ...options], { cwd: root, encoding: 'utf8' });
  if (result.error !== undefined) throw result.error;
  process.stderr.write(`${result.stdout}${result.stderr}`.replaceAll(ROUNDS_HAVE_ENDED, ''));
  if (result.status !== 0) process.exit(result.status ?? 1);
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}

write('assembly/generated/commands.ts', structs());
write('bindings/generated/encode.ts', encoders());
write('assembly/generated/dispatch.ts', dispatch());
write('assembly/generated/tiles.ts', tiles());
write('assembly/generated/markers.ts', markers());
write('assembly/generated/unaryOp.ts', unaryOp());
write('assembly/generated/unary.ts', unaryDispatch());
write('assembly/generated/cost.ts', costKernel());
write('src/program/generated/cost.ts', costFunction());
write('src/tape/generated/mathSaves.ts', mathSaves());
write('src/ops/generated/mathFunctions.ts', mathFunctions());
write('src/methods/generated/mathMethods.ts', mathMethods());
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
write(
  'src/generated/version.ts',
  `// Made by assembly/build/build.ts. Do not edit.\n/** The version in package.json. */\nexport const VERSION = '${version}';\n`,
);

const out = (name: string) => join(root, 'build/out', name);
compile('--target', 'kernels');
compile('--config', 'assembly/unpack/asconfig.json');

const { plain, flagAt, sites } = unfuse(constantsToGlobals(readFileSync(out('kernels.wasm'))));
const packed = pack(plain);
const unpacked = unpack(out('unpack.wasm'), packed, plain.length, flagAt);
if (Buffer.compare(unpacked.plain, plain) !== 0) fail('the unpacked kernels differ from those that were packed');
if (unpacked.sites !== sites) fail(`${sites} multiply-adds were split and ${unpacked.sites} fused`);
writeFileSync(out('plain.wasm'), plain);
writeFileSync(out('relaxed.wasm'), unpacked.relaxed);

const zipped = (bytes: Uint8Array) => gzipSync(bytes, { level: 9 }).length;
for (const name of ['plain.wasm', 'relaxed.wasm']) {
  const bytes = readFileSync(out(name));
  console.log(`${name}  ${bytes.length} bytes, ${zipped(bytes)} gzipped`);
}
const text = `// Made by assembly/build/build.ts. Do not edit.
/** The plain variant, packed. */
export const packed: string = '${Buffer.from(packed).toString('base64')}';
/** How many bytes it has. */
export const bytes = ${plain.length};
/** Offset of the byte that distinguishes the variants. */
export const flagAt = ${flagAt};
/** The module that unpacks it. */
export const unpacker: string = '${readFileSync(out('unpack.wasm')).toString('base64')}';
`;
write('bindings/generated/wasm.ts', text);
write(
  'bindings/generated/plain.ts',
  `// Made by assembly/build/build.ts. Do not edit.
/** The plain variant as it is. */
export const plain = '${Buffer.from(plain).toString('base64')}';
`,
);
const total = zipped(Buffer.from(text));
console.log(`all wasm that an import carries: ${(total / 1024).toFixed(1)} KB gzipped of ${BUDGET_BYTES / 1024} KB`);
if (total > BUDGET_BYTES) fail('the wasm exceeds its budget');
