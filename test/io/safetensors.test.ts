/** Safetensors files: files from PyTorch and from saraf are read, damaged ones are refused. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ArgumentError,
  FormatError,
  loadSafetensors,
  memory,
  safetensorsMetadata,
  saveSafetensors,
  scope,
  type Tensor,
  tensor,
  zeros,
} from '../../src/index.ts';

const wrong = (x: unknown) => x as never;
const golden = (name: string) => readFileSync(new URL(`../golden/${name}`, import.meta.url));

describe("a file of PyTorch's tensors", () => {
  const bytes = golden('torch.safetensors');
  const expected = JSON.parse(golden('safetensors.json').toString()) as Record<
    string,
    { shape: number[]; dtype: string; data: string[] }
  >;
  const number = (text: string) => (text === 'inf' ? Infinity : text === '-inf' ? -Infinity : Number(text));

  it('gives the same values', () => {
    zeros(1).dispose();
    const before = memory();
    scope(() => {
      const state = loadSafetensors(bytes);
      expect(Object.keys(state)).toEqual(Object.keys(expected));
      for (const [name, { shape, dtype, data }] of Object.entries(expected)) {
        expect([state[name]!.shape, state[name]!.dtype], name).toEqual([shape, dtype]);
        expect([...state[name]!.dataSync()], name).toEqual(
          data.map((text) => (dtype === 'float32' ? Math.fround(number(text)) : number(text))),
        );
      }
    });
    expect(memory()).toEqual(before);
  });

  it('is read at any offset in memory', () => {
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    scope(() => {
      expect(loadSafetensors(shifted.subarray(3)).double!.toArray()).toEqual(loadSafetensors(bytes).double!.toArray());
    });
  });

  it('has its metadata', () => {
    expect(safetensorsMetadata(bytes)).toEqual({ format: 'pt', 'made "by"': 'Πython {[,]}' });
  });
});

describe('saveSafetensors', () => {
  it('lays out the bytes as the format specifies', () => {
    scope(() => {
      const bytes = saveSafetensors({ m: tensor([true, false]), a: tensor([1, -2]) }, { k: 'v' });
      const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
      expect(length % 8).toBe(0);
      expect(JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)))).toEqual({
        __metadata__: { k: 'v' },
        a: { dtype: 'F32', shape: [2], data_offsets: [0, 8] },
        m: { dtype: 'BOOL', shape: [2], data_offsets: [8, 10] },
      });
      expect([...bytes.subarray(8 + length)]).toEqual([0, 0, 128, 63, 0, 0, 0, 192, 1, 0]);
    });
  });

  it('preserves the elements of views, all bits and all names', () => {
    scope(() => {
      const state: Record<string, Tensor> = {
        view: tensor([
          [1, 2, 3],
          [4, 5, 6],
        ]).T,
        odd: tensor([Number.NaN, -0, Infinity, 1e-45]),
        'ünïcode "quoted"': tensor([-(2 ** 31)], { dtype: 'int32' }),
        scalar: tensor(3),
        nothing: zeros(2, 0),
        constructor: tensor([7]),
      };
      const loaded = loadSafetensors(saveSafetensors(state));
      for (const [name, t] of Object.entries(state)) {
        expect([loaded[name]!.shape, loaded[name]!.dtype]).toEqual([t.shape, t.dtype]);
        expect([...loaded[name]!.dataSync()]).toEqual([...t.dataSync()]);
      }
      expect(loadSafetensors(saveSafetensors({}))).toEqual({});
    });
  });

  it('writes files that are read again, for random states', () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    const shape = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 });
    const entry = fc.record({ shape, dtype: fc.constantFrom('float32', 'int32', 'bool') });
    fc.assert(
      fc.property(fc.dictionary(fc.string({ maxLength: 6 }), entry), (entries) => {
        const before = memory();
        scope(() => {
          const state = Object.fromEntries(
            Object.entries(entries).map(([name, { shape, dtype }], i) => {
              const n = shape.reduce((a, b) => a * b, 1);
              return [
                name,
                tensor(
                  Float32Array.from({ length: n }, (_, j) => ((i + j) * 7) % 5),
                  { shape, dtype: wrong(dtype) },
                ),
              ];
            }),
          );
          const loaded = loadSafetensors(saveSafetensors(state));
          expect(Object.keys(loaded).sort()).toEqual(Object.keys(state).sort());
          for (const [name, t] of Object.entries(state)) expect(loaded[name]!.toArray()).toEqual(t.toArray());
        });
        expect(memory()).toEqual(before);
      }),
      { numRuns: 60, seed },
    );
  });

  it('refuses values that are not a state', () => {
    expect(() => saveSafetensors(wrong({ a: [1] }))).toThrow(ArgumentError);
    expect(() => saveSafetensors(wrong({ a: [1] }))).toThrow('a must be a tensor of float32, int32 or bool');
    expect(() => saveSafetensors({}, wrong({ a: 1 }))).toThrow('metadata.a must be a text, got number');
  });
});

/** A file with this header and this many bytes of elements. */
function file(header: unknown, size = 8, length?: number | bigint): Uint8Array {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + size);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length ?? text.length), true);
  bytes.set(text, 8);
  return bytes;
}

describe('damaged files are refused', () => {
  const a = { dtype: 'F32', shape: [2], data_offsets: [0, 8] };
  it.each<[string, Uint8Array, string]>([
    ['nothing', new Uint8Array(0), '0 bytes are too few for a header'],
    ['a header longer than the file', file({ a }, 8, 1000), 'a header of 1000 bytes does not fit into a file of'],
    ['a header of 2^63 bytes', file({ a }, 8, 2n ** 63n), 'does not fit into a file of'],
    ['bad JSON', file('{"a":'), 'the header is not JSON'],
    ['bad UTF-8', new Uint8Array([2, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xfe]), 'the header is not JSON'],
    ['a list', file('[]', 0), 'the header is not an object'],
    ['an unknown type', file({ a: { ...a, dtype: 'F8_E4M3' } }), 'a: element type "F8_E4M3" is not supported'],
    ['a type by an inherited name', file({ a: { ...a, dtype: 'constructor' } }), 'is not supported'],
    ['no entry', file({ a: 3 }), 'a: expected { dtype, shape, data_offsets }'],
    ['a negative size', file({ a: { ...a, shape: [-2] } }), 'a: shape must be a list of sizes'],
    ['a broken size', file({ a: { ...a, shape: [1.5] } }), 'a: shape must be a list of sizes'],
    ['no shape', file({ a: { ...a, shape: undefined } }), 'a: shape must be a list of sizes'],
    ['a shape of another size', file({ a: { ...a, shape: [3] } }), 'needs 12 bytes, data_offsets give 8'],
    ['an enormous shape', file({ a: { ...a, shape: [2 ** 40, 2 ** 40] } }), 'data_offsets give 8'],
    ['offsets that fall', file({ a: { ...a, data_offsets: [8, 0] } }), 'data_offsets must be [begin, end]'],
    ['three offsets', file({ a: { ...a, data_offsets: [0, 8, 8] } }), 'data_offsets must be [begin, end]'],
    ['offsets of text', file({ a: { ...a, data_offsets: ['0', '8'] } }), 'data_offsets must be [begin, end]'],
    ['offsets beyond the file', file({ a }, 4), 'the tensors take 8 bytes, the file has 4'],
    ['bytes after the tensors', file({ a }, 9), 'the tensors take 8 bytes, the file has 9'],
    ['tensors that overlap', file({ a, b: { ...a, data_offsets: [4, 12] } }, 12), 'b begins at byte 4, expected 8'],
    ['the same place twice', file({ a, b: a }), 'must not overlap or leave gaps'],
    ['a gap', file({ a: { ...a, data_offsets: [4, 12] } }, 12), 'a begins at byte 4, expected 0'],
    ['a duplicate name', file(`{"a":${JSON.stringify(a)},"\\u0061":${JSON.stringify(a)}}`), 'a appears twice'],
    ['metadata that are not texts', file({ __metadata__: { a: 1 } }, 0), '__metadata__ must map texts to texts'],
    [
      'a long that does not fit',
      (() => {
        const bytes = file({ a: { dtype: 'I64', shape: [1], data_offsets: [0, 8] } });
        bytes[bytes.length - 4] = 1;
        return bytes;
      })(),
      'a: 4294967296 does not fit into int32',
    ],
  ])('%s', (_, bytes, message) => {
    const before = memory();
    expect(() => loadSafetensors(bytes)).toThrow(FormatError);
    expect(() => loadSafetensors(bytes)).toThrow(message);
    expect(memory()).toEqual(before);
  });

  it('and so are values that are not bytes', () => {
    expect(() => loadSafetensors(wrong('file'))).toThrow(ArgumentError);
  });

  it("or loaded: any changed byte gives tensors or one of saraf's errors", () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    const good = scope(() => saveSafetensors({ a: tensor([1, 2]), b: tensor([true]) }, { k: 'v' }));
    fc.assert(
      fc.property(
        fc.nat(good.length - 1),
        fc.integer({ min: 0, max: 255 }),
        fc.nat(good.length),
        (at, value, length) => {
          const bytes = good.slice();
          bytes[at] = value;
          for (const damaged of [bytes, good.subarray(0, length)]) {
            const before = memory();
            try {
              scope(() => {
                expect(Object.keys(loadSafetensors(damaged)).length).toBeLessThanOrEqual(2);
              });
            } catch (error) {
              expect(error).toBeInstanceOf(FormatError);
            }
            expect(memory()).toEqual(before);
          }
        },
      ),
      { numRuns: 400, seed },
    );
  });
});
