/**
 * Values of another realm, as from Jest, node:vm, iframes and structuredClone: all examples of the documentation run in
 * a context of node:vm, where every array, object, function and promise that they create belongs to that context, and
 * give the same results.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { createContext, runInContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import {
  isArrayBuffer,
  isError,
  isFloat32Array,
  isFloat64Array,
  isInt32Array,
  isList,
  isMap,
  isPromise,
  isRecord,
  isSet,
  isUint8Array,
} from '../bindings/realm.ts';
import * as saraf from '../src/index.ts';
import { loadSafetensors, saveSafetensors, tensor } from '../src/index.ts';
import { check } from './support/agrees.ts';
import { root } from './support/documentation.ts';
import { exampleScript } from './support/elsewhere.ts';
import { given } from './support/given.ts';

const silent = { log: () => {} };
const context = createContext({
  ...saraf,
  console: silent,
  URL,
  AbortController,
  AbortSignal,
  performance,
  setTimeout,
});
const foreign = <T>(code: string): T => runInContext(code, context) as T;

type Run = (compare: typeof check, context: typeof given) => Promise<void>;
const { code, places } = await exampleScript();
const examples = foreign<Record<string, Run>>(code);

describe('examples in another realm', () => {
  it.each(places)('run: %s', async (place) => {
    await examples[place]!(check, given);
  });

  it('many run', () => {
    console.log(`${places.length} examples ran in another realm`);
    expect(places.length).toBeGreaterThan(300);
  });
});

describe('values of another realm', () => {
  it('are foreign', () => {
    expect(foreign<Float32Array>('new Float32Array(1)') instanceof Float32Array).toBe(false);
    expect(foreign<object>('({})') instanceof Object).toBe(false);
  });

  it.each([
    ['Float32Array', 'float32', [0.5, 1.75]],
    ['Float64Array', 'float32', [0.5, 1.75]],
    ['Int32Array', 'int32', [-1, 2]],
    ['Uint8Array', 'int32', [1, 2]],
    ['Uint8ClampedArray', 'int32', [1, 2]],
    ['Int16Array', 'int32', [-1, 2]],
  ])('make tensors: %s', (kind, dtype, values) => {
    const t = tensor(foreign<Float32Array>(`new ${kind}([${values}])`));
    expect([t.dtype, t.toArray()]).toEqual([dtype, values]);
  });

  it('are refused like native ones', () => {
    expect(() => tensor(foreign('new BigInt64Array(2)'))).toThrow('no BigInt, no DataView');
    expect(() => tensor(foreign('new DataView(new ArrayBuffer(8))'))).toThrow('no BigInt, no DataView');
    expect(() => saraf.scope(foreign('async () => {}'))).toThrow('asynchronous');
    expect(() => saraf.noGrad(foreign('async () => {}'))).toThrow('asynchronous');
    expect(() => saraf.compile(foreign<() => Promise<void>>('async () => {}'))()).toThrow('asynchronous');
  });

  it('can hold the bytes of files', () => {
    const bytes = saveSafetensors({ w: tensor([1.5]) });
    context.bytes = bytes;
    expect(loadSafetensors(foreign('new Uint8Array(bytes)')).w!.toArray()).toEqual([1.5]);
    const model = new saraf.nn.Linear(2, 2);
    context.bytes = saraf.saveModel(model);
    expect(saraf.loadModel(foreign('new Uint8Array(bytes)')).model.toString()).toBe(model.toString());
    context.bytes = saraf.exportOnnx(model, [1, 2]);
    expect(saraf.loadOnnx(foreign('new Uint8Array(bytes)')).parameters()).toHaveLength(2);
  });

  it('keep the tensors that a scope returns', () => {
    context.tensor = tensor;
    const map = saraf.scope(foreign<() => Map<string, saraf.Tensor>>('() => new Map([["a", tensor([1])]])'));
    expect(map.get('a')!.toArray()).toEqual([1]);
    const set = saraf.scope(foreign<() => Set<saraf.Tensor>>('() => new Set([tensor([1])])'));
    expect([...set][0]!.toArray()).toEqual([1]);
    const step = saraf.compile(foreign<(x: saraf.Tensor) => { y: saraf.Tensor }>('(x) => ({ y: x.add(1) })'));
    expect(step(tensor([1])).y.toArray()).toEqual([2]);
  });

  it('work as data and options', () => {
    const [train, test] = saraf.data.trainTestSplit(
      foreign<Int32Array>('new Int32Array([1, 2, 3, 4])'),
      foreign<{ testSize: number }>('({ testSize: 1, shuffle: false })'),
    );
    expect([train, test].map((part) => Array.from(part as Int32Array))).toEqual([[1, 2, 3], [4]]);
    expect(saraf.metrics.accuracy(foreign('new Int32Array([1, 2])'), foreign('new Uint8Array([1, 3])'))).toBe(0.5);
    expect(saraf.metrics.meanSquaredError(foreign('new Float32Array([1, 2])'), foreign('[1, 4]'))).toBe(2);
    const view = foreign<Float32Array>('new DataView(new ArrayBuffer(8))');
    expect(() => saraf.metrics.accuracy(view, view)).toThrow('must be a list of labels');
  });

  it("may be instances of subclasses, such as Node's Buffer", () => {
    const [train] = saraf.data.trainTestSplit(Buffer.from([5, 6, 7, 8]), { testSize: 1, shuffle: false });
    expect([...(train as Uint8Array)]).toEqual([5, 6, 7]);
  });

  it('are recognised by their tags', () => {
    const told: [is: (value: unknown) => boolean, text: string][] = [
      [isArrayBuffer, 'new ArrayBuffer(1)'],
      [isError, 'new RangeError("x")'],
      [isFloat32Array, 'new Float32Array(1)'],
      [isFloat64Array, 'new Float64Array(1)'],
      [isInt32Array, 'new Int32Array(1)'],
      [isList, '[]'],
      [isMap, 'new Map()'],
      [isPromise, 'Promise.resolve()'],
      [isRecord, '({})'],
      [isSet, 'new Set()'],
      [isUint8Array, 'new Uint8Array(1)'],
    ];
    for (const [is, text] of told) {
      const values = [foreign(text), foreign('new Date()'), null, undefined];
      expect([text, ...values.map(is)]).toEqual([text, true, false, false, false]);
    }
  });
});

describe('sources', () => {
  const files = ['src', 'bindings'].flatMap((folder) =>
    readdirSync(root + folder, { recursive: true, encoding: 'utf8' })
      .map((file) => `${folder}/${file}`)
      .filter((file) => file.endsWith('.ts') && file !== 'bindings/realm.ts' && !file.startsWith('bindings/kernels/')),
  );

  it('never use instanceof with a built-in class', () => {
    const asks = files.flatMap((file) =>
      [...readFileSync(root + file, 'utf8').matchAll(/instanceof ((?:WebAssembly\.)?\w+)/g)]
        .map(([, name]) => name!)
        // In these files `Buffer` is a class of saraf.
        .filter((name) => name.startsWith('WebAssembly.') || (name in globalThis && name !== 'Buffer'))
        .map((name) => `${file}: instanceof ${name}`),
    );
    expect(asks).toEqual([]);
  });

  it('never compare a prototype with that of their own realm', () => {
    const compared = /(getPrototypeOf\([^)]*\)|\.constructor) *[!=]== *(Object|Array|Map|Set|Promise|Error|\w+Array)\b/;
    expect(files.filter((file) => compared.test(readFileSync(root + file, 'utf8')))).toEqual([]);
  });
});
