/**
 * Regular expressions of the library: each is listed here, with the reason why its time is proportional to the length
 * of the text. A new one is added with its reason, or replaced by a hand-written scan.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'vite';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** One character, or one alternative of fixed length, at every position. */
const CHARACTERS = 'it looks at one character, or a few, at each position';
/** Anchored, and each character determines what may follow it. */
const ONE_WAY = 'it is anchored, and each character can match in only one way';

const known: Record<string, Record<string, string>> = {
  'bindings/host.ts': { '/%(..)/g': CHARACTERS, '/={1,2}$/': CHARACTERS, '/[^A-Za-z0-9+/]/': CHARACTERS },
  'bindings/wasm/worker.ts': { '/^(file|data):/': ONE_WAY },
  'src/cli/index.ts': { '/^[1-9]\\d?$/': ONE_WAY },
  'src/cli/info.ts': { '/^device webgpu: /': ONE_WAY },
  'src/io/onnx/save.ts': { '/^node /': ONE_WAY },
  'src/metrics/report.ts': { '/^50*$/': ONE_WAY },
  'src/node/csv.ts': {
    '/^\\s*[-+]?(?:\\d+(?:\\.\\d*)?|\\.\\d+)(?:[eE][-+]?\\d+)?\\s*$/': ONE_WAY,
  },
  'src/node/imdb.ts': { '/<br\\s*\\/?>/gi': 'blanks are scanned only once, after a <br' },
  'src/node/write.ts': { '/[^\\w-]/g': CHARACTERS, '/^(\\d+)\\.(\\d+)\\.tmp$/': ONE_WAY },
  'src/plot/graph.ts': { '/\\(\\)$/': CHARACTERS },
  'src/plot/lines.ts': { '/^val[A-Z]/': ONE_WAY },
  'src/plot/svg.ts': {
    '/[mwMW@%\\u2e80-\\uffff]/g': CHARACTERS,
    '/[\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\ufffe\\uffff]/g': CHARACTERS,
    '/[\\ud800-\\udbff](?![\\udc00-\\udfff])|(?<![\\ud800-\\udbff])[\\udc00-\\udfff]/g': CHARACTERS,
    '/[&<>"\']/g': CHARACTERS,
  },
  'src/train/callbacks.ts': { '/(accuracy|auc|precision|recall|f1|r2|topk)$/i': CHARACTERS },
  'src/webgpu/wgsl/optim.ts': { '/\\bs\\((\\d)u\\)/g': CHARACTERS },
  'src/webgpu/wgsl/strip.ts': {
    '/\\bp[01]\\b/': CHARACTERS,
    'new RegExp': 'names and lines that the library writes itself',
  },
};

function filesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return filesBelow(path);
    return path.endsWith('.ts') ? [path] : [];
  });
}

/** The source texts of the regular expressions in a file. */
function patternsOf(path: string): string[] {
  const found: string[] = [];
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    const { type, raw, regex, callee } = node as Record<string, unknown>;
    if (type === 'Literal' && regex !== undefined) found.push(String(raw));
    if ((type === 'NewExpression' || type === 'CallExpression') && (callee as { name?: string }).name === 'RegExp')
      found.push('new RegExp');
    for (const child of Object.values(node)) visit(child);
  };
  visit(parseSync(path, readFileSync(join(root, path), 'utf8')).program);
  return found;
}

it('regular expressions are listed, with the reason why they are linear', () => {
  const files = [...filesBelow('src'), ...filesBelow('bindings')].filter((path) => !path.includes('/generated/'));
  expect(files.length).toBeGreaterThan(200);
  const found = Object.fromEntries(
    files.map((path) => [path, patternsOf(path)] as const).filter(([, patterns]) => patterns.length > 0),
  );
  const expected = Object.fromEntries(Object.entries(known).map(([path, patterns]) => [path, Object.keys(patterns)]));
  expect(found).toEqual(expected);
});

it('regular expressions contain no nested repetition', () => {
  for (const patterns of Object.values(known))
    for (const pattern of Object.keys(patterns)) expect(pattern).not.toMatch(/[*+}]\)[*+{]/);
});
