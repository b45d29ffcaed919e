/** Layers name themselves, so that texts about them stay the same in a bundle whose classes a minifier has renamed. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as saraf from '../../src/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'saraf-'));
let minified: typeof saraf;

beforeAll(async () => {
  // package.json lists the files of dist/ that have side effects, so the sources are bundled whole.
  const bundle = await rolldown({ input: 'src/index.ts', platform: 'node', logLevel: 'silent', treeshake: false });
  await bundle.write({ dir: folder, entryFileNames: 'index.mjs', chunkFileNames: '[hash].mjs', minify: true });
  await bundle.close();
  minified = await import(/* @vite-ignore */ join(folder, 'index.mjs'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const isClass = (value: unknown): value is { name: string } =>
  typeof value === 'function' && String(value).startsWith('class');

/** What a model says, and what errors say about its layers. */
function texts({ nn, models, plot, summary, saveModel, ones }: typeof saraf): string[] {
  const refusal = (fn: () => unknown): string => {
    try {
      fn();
    } catch (error) {
      return String(error);
    }
    return '';
  };
  class Unknown extends nn.Module {
    static override name = 'Unknown';
    inner = models.mobilenetV2({ numClasses: 2 });
    override forward(): void {}
  }
  const model = new nn.Sequential(new nn.Linear(3, 4), new nn.ReLU(), new nn.Sequential(new nn.Softmax({ dim: 1 })));
  return [
    String(model),
    String(new Unknown()),
    summary(model, [2, 3]),
    plot.graph(model),
    refusal(() => Reflect.construct(nn.ReLU, [1])),
    refusal(() => new nn.GRU(3, 0)),
    refusal(() => new nn.LSTMCell(3, 4).forward(ones(2, 5))),
    refusal(() => Object.assign(new nn.Linear(3, 4), { weight: 1 })),
    refusal(() => new nn.Sequential(nn.Linear as never)),
    refusal(() => saveModel(new Unknown())),
  ];
}

describe('in a minified bundle', () => {
  it('all classes of nn keep their names, except the base, which nobody makes', () => {
    const classes = Object.entries(minified.nn).flatMap(([name, value]) =>
      isClass(value) ? [[name, value.name]] : [],
    );
    expect(classes.length).toBeGreaterThan(70);
    expect(classes.filter(([name, own]) => name !== own).map(([name]) => name)).toEqual(['Module']);
  });

  it('models and errors say what they say elsewhere', () => {
    const expected = texts(saraf);
    expect(expected.every((text) => text !== '')).toBe(true);
    expect(texts(minified)).toEqual(expected);
  });
});
