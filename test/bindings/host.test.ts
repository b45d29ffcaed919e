/** The stand-ins for functions that small engines lack behave as Node's own. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { host, standIns } from '../../bindings/host.ts';

const { atob: fromBase64, btoa: toBase64, TextDecoder: Decoder, TextEncoder: Encoder } = standIns;
const binary = fc
  .uint8Array({ maxLength: 20 })
  .map((bytes) => Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));

describe('stand-ins', () => {
  test('leave the functions of an engine unchanged', () => {
    for (const [name, value] of Object.entries(standIns)) {
      expect(host[name as keyof typeof standIns], name).not.toBe(value);
    }
  });

  test('encode and decode UTF-8', () => {
    const text = fc.string({ unit: 'binary', maxLength: 20 });
    fc.assert(
      fc.property(text, (value) => {
        const bytes = new Encoder().encode(value);
        expect(bytes).toEqual(new Uint8Array(new TextEncoder().encode(value)));
        expect(new Decoder().decode(bytes)).toBe(value);
      }),
    );
  });

  test('refuse bytes that are not UTF-8', () => {
    const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 6 }), (bytes) => {
        let expected: string;
        try {
          expected = strict.decode(bytes);
        } catch {
          expect(() => new Decoder().decode(bytes)).toThrow('the bytes are not UTF-8');
          return;
        }
        expect(new Decoder().decode(bytes)).toBe(expected);
      }),
      { numRuns: 2000 },
    );
  });

  test('encode and decode base64', () => {
    fc.assert(
      fc.property(binary, (value) => {
        const text = toBase64(value);
        expect(text).toBe(btoa(value));
        expect(fromBase64(text)).toBe(value);
      }),
    );
    for (const damaged of ['A', 'AA=', 'AA*A', '=AAA', 'A===']) expect(() => fromBase64(damaged)).toThrow('not base64');
  });

  test('have a clock that advances', () => {
    const before = standIns.performance.now();
    expect(standIns.performance.now()).toBeGreaterThanOrEqual(before);
  });
});
