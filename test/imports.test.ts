/** The layers of the sources: imports point down, no file imports itself through others, and any file can be imported first. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';

const root = join(import.meta.dirname, '..');

/** From the ground up. A room is a folder or a file; a file of `src/` that is in none of them fails the test. */
const floors: readonly (readonly string[])[] = [
  ['bindings'],
  ['src/generated'],
  ['src/options.ts', 'src/copies.ts', 'src/inspect.ts'],
  ['src/reference', 'src/webgpu'],
  ['src/tensor'],
  ['src/runtime'],
  ['src/emit'],
  ['src/tape'],
  ['src/ops'],
  ['src/autograd', 'src/program'],
  ['src/methods'],
  ['src/nn', 'src/optim', 'src/metrics'],
  ['src/data'],
  ['src/move.ts'],
  ['src/train', 'src/estimators', 'src/plot', 'src/io', 'src/models'],
  ['src/index.ts', 'src/node', 'src/cli'],
];

/** The tensor, its storage, its graph, who frees it, and who follows it are one data structure: their types name each other. */
const oneStructure = ['graph', 'scope', 'storage', 'tensor', 'trace'].map((name) => `src/tensor/${name}.ts`);

interface Arrow {
  from: string;
  to: string;
  /** How the file is needed: to compile, to load, or later. */
  kind: 'type' | 'value' | 'dynamic';
}

function filesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return filesBelow(path);
    return path.endsWith('.ts') ? [path] : [];
  });
}

const STATIC = /^(?:import|export)\s+(type\s+)?(?:([^;'"]*?)\s*from\s*)?'(\.[^']+)'/gm;
const DYNAMIC = /\bimport\(\s*'(\.[^']+)'\s*\)/g;

/** `{ type A, type B }` has no value. */
function hasValue(names: string | undefined): boolean {
  const list = /^\{([^}]*)\}$/.exec(names?.trim() ?? '')?.[1];
  return list === undefined || list.split(',').some((name) => name.trim() !== '' && !name.trim().startsWith('type '));
}

function arrowsOf(from: string): Arrow[] {
  const text = readFileSync(join(root, from), 'utf8');
  const target = (path: string) => join(dirname(from), path);
  return [
    ...[...text.matchAll(STATIC)].map(([, type, names, path]): Arrow => {
      return { from, to: target(path!), kind: type === undefined && hasValue(names) ? 'value' : 'type' };
    }),
    ...[...text.matchAll(DYNAMIC)].map(([, path]): Arrow => ({ from, to: target(path!), kind: 'dynamic' })),
  ].filter(({ to }) => to.endsWith('.ts'));
}

const files = [...filesBelow('bindings'), ...filesBelow('src')];
const arrows = files.flatMap(arrowsOf);

/** Sets of files each of which leads to all the others of its set (Tarjan's strongly connected components). */
function circles(of: readonly Arrow[]): string[][] {
  const next = new Map(files.map((file): [string, string[]] => [file, []]));
  for (const { from, to } of of) next.get(from)?.push(to);
  const [order, low, stack] = [new Map<string, number>(), new Map<string, number>(), [] as string[]];
  const found: string[][] = [];
  const visit = (file: string): void => {
    order.set(file, order.size);
    low.set(file, order.get(file)!);
    stack.push(file);
    for (const to of next.get(file) ?? []) {
      if (!order.has(to)) visit(to);
      if (stack.includes(to)) low.set(file, Math.min(low.get(file)!, low.get(to)!));
    }
    if (low.get(file) !== order.get(file)) return;
    const circle = stack.splice(stack.indexOf(file));
    if (circle.length > 1) found.push(circle.sort());
  };
  for (const file of files) if (!order.has(file)) visit(file);
  return found;
}

function placeOf(file: string): { floor: number; room: string } {
  for (const [floor, rooms] of floors.entries()) {
    const room = rooms.find((name) => file === name || file.startsWith(`${name}/`));
    if (room !== undefined) return { floor, room };
  }
  throw new Error(`${file} is in no room of the layers`);
}

describe('imports', () => {
  it('are found', () => {
    expect(files.length).toBeGreaterThan(300);
    expect(arrows.length).toBeGreaterThan(1000);
    expect(arrows.filter(({ kind }) => kind === 'dynamic').length).toBeGreaterThan(3);
    expect(hasValue('{ type A, type B }')).toBe(false);
    expect(hasValue('{ type A, b }')).toBe(true);
    expect(hasValue(undefined)).toBe(true);
  });

  it('find circles', () => {
    const arrow = (from: string, to: string): Arrow => ({ from, to, kind: 'value' });
    const [a, b, c] = files as [string, string, string];
    expect(circles([arrow(a, b), arrow(b, c)])).toEqual([]);
    expect(circles([arrow(a, b), arrow(b, c), arrow(c, a)])).toEqual([[a, b, c].sort()]);
  });

  it('of values make no circle', () => {
    expect(circles(arrows.filter(({ kind }) => kind === 'value'))).toEqual([]);
  });

  it('make no circle, types included, except in the one data structure', () => {
    expect(circles(arrows)).toEqual([oneStructure]);
  });

  it('point down', () => {
    const up = arrows.filter(({ from, to }) => {
      const [a, b] = [placeOf(from), placeOf(to)];
      return b.floor > a.floor || (b.floor === a.floor && b.room !== a.room);
    });
    expect(up.map(({ from, to, kind }) => `${from} → ${to} (${kind})`)).toEqual([]);
  });
});

/** Files that do more than define: one needs workerd's modules of kernels, the other is the program `saraf`. */
const notAlone = ['bindings/wasm/deployed.ts', 'src/cli/index.ts'];

describe('any file can be imported first', () => {
  it.each(floors.flat())('%s', async (room) => {
    for (const file of files.filter((path) => placeOf(path).room === room && !notAlone.includes(path))) {
      vi.resetModules();
      await expect(import(join(root, file)), file).resolves.toBeDefined();
    }
  });
});
