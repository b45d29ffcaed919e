/** The stand-ins for functions that small engines lack behave as Node's own, and globals stay as they are. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { decodeText, encodeText, fromBase64, log, now, toBase64 } from '../../bindings/host.ts';

const lacking = ['TextDecoder', 'TextEncoder', 'atob', 'btoa', 'performance', 'console'] as const;
const own = { TextDecoder, TextEncoder, btoa };
const binary = fc
  .uint8Array({ maxLength: 20 })
  .map((bytes) => Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));

describe('without what small engines lack', () => {
  beforeAll(() => {
    for (const name of lacking) vi.stubGlobal(name, undefined);
  });
  afterAll(() => {
    vi.unstubAllGlobals();
  });

  test('UTF-8 there and back', () => {
    const text = fc.string({ unit: 'binary', maxLength: 20 });
    fc.assert(
      fc.property(text, (value) => {
        const bytes = encodeText(value);
        expect(bytes).toEqual(new Uint8Array(new own.TextEncoder().encode(value)));
        expect(decodeText(bytes)).toBe(value);
      }),
    );
  });

  test('bytes are UTF-8, or refused', () => {
    const strict = new own.TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 6 }), (bytes) => {
        let expected: string;
        try {
          expected = strict.decode(bytes);
        } catch {
          expect(() => decodeText(bytes)).toThrow('the bytes are not UTF-8');
          return;
        }
        expect(decodeText(bytes)).toBe(expected);
      }),
      { numRuns: 2000 },
    );
  });

  test('base64 there and back', () => {
    fc.assert(
      fc.property(binary, (value) => {
        const text = toBase64(value);
        expect(text).toBe(own.btoa(value));
        expect(fromBase64(text)).toBe(value);
      }),
    );
    for (const damaged of ['A', 'AA=', 'AA*A', '=AAA', 'A===']) expect(() => fromBase64(damaged)).toThrow('not base64');
  });

  test('a clock that goes on, and a line that is printed', () => {
    const before = now();
    expect(now()).toBeGreaterThanOrEqual(before);
    const print = vi.fn();
    vi.stubGlobal('print', print);
    log('epoch 1');
    expect(print).toHaveBeenCalledWith('epoch 1');
  });
});

describe('globals stay as they were', () => {
  const dist = (file: string) => new URL(`../../dist/${file}`, import.meta.url).href;

  test.each(['node/index.js', 'node/kernels.js', 'node/node.js', 'src/index.js'])(
    'after the import of dist/%s',
    (file) => {
      for (const missing of ['', ...lacking.slice(0, 4)]) {
        const program = `
        const print = process.stdout.write.bind(process.stdout);
        const values = () => new Map(Reflect.ownKeys(globalThis).map((key) => [key, globalThis[key]]));
        values(); // Node makes some of them when they are asked for.
        delete globalThis[${JSON.stringify(missing)}];
        const before = values();
        const saraf = await import(${JSON.stringify(dist(file))});
        saraf.tensor?.([1, 2]).add(1);
        const after = values();
        const changed = [...new Map([...before, ...after]).keys()].filter(
          (key) => before.has(key) !== after.has(key) || !Object.is(before.get(key), after.get(key)),
        );
        print(changed.map(String).join());`;
        const output = execFileSync(process.execPath, ['--no-warnings', '--input-type=module', '--eval', program], {
          cwd: fileURLToPath(new URL('..', import.meta.url)),
          encoding: 'utf8',
        });
        expect(output, `without ${missing}`).toBe('');
      }
    },
  );
});
