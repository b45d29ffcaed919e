/** How files are written: through links, with the mode and the owner that they had, and never over anything that is not a file. */
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ArgumentError, nn } from '../../src/index.ts';
import { loadModel, ModelCheckpoint, saveModel } from '../../src/node/index.ts';
import { writeAtomically } from '../../src/node/write.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'saraf-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const modeOf = (path: string) => statSync(path).mode & 0o7777;

describe('writeAtomically', () => {
  it.each([0o600, 0o640, 0o644, 0o444, 0o755])('keeps mode %o', (mode) => {
    const path = join(dir, 'a');
    writeFileSync(path, 'old');
    chmodSync(path, mode);
    writeAtomically(path, bytes('new'));
    expect([readFileSync(path, 'utf8'), modeOf(path), readdirSync(dir)]).toEqual(['new', mode, ['a']]);
  });

  it('gives new files the mode of the process', () => {
    const [path, other] = [join(dir, 'a'), join(dir, 'b')];
    writeAtomically(path, bytes('new'));
    writeFileSync(other, '');
    expect(modeOf(path)).toBe(modeOf(other));
  });

  it.runIf(process.getuid?.() === 0)('keeps the owner', async () => {
    const { chownSync } = await import('node:fs');
    const path = join(dir, 'a');
    writeFileSync(path, 'old');
    chownSync(path, 1234, 2345);
    chmodSync(path, 0o640);
    writeAtomically(path, bytes('new'));
    const { uid, gid } = statSync(path);
    expect([uid, gid, modeOf(path)]).toEqual([1234, 2345, 0o640]);
  });

  it('writes through links: relative, absolute, chained, into other folders, to files that do not exist yet', () => {
    mkdirSync(join(dir, 'far', 'away'), { recursive: true });
    symlinkSync('far', join(dir, 'near'));
    const cases: [link: string, to: string, file: string][] = [
      ['relative', 'plain', 'plain'],
      ['absolute', join(dir, 'far', 'x'), 'far/x'],
      ['second', 'relative', 'plain'],
      ['into', 'near/away/y', 'far/away/y'],
      ['near/away/up', '../z', 'far/z'],
    ];
    for (const [link, to] of cases) symlinkSync(to, join(dir, link));
    for (const [link, to, file] of cases) {
      for (const text of ['first', 'second']) {
        writeAtomically(join(dir, link), bytes(text + link));
        expect(readFileSync(join(dir, file), 'utf8')).toBe(text + link);
      }
      expect(readlinkSync(join(dir, link))).toBe(to);
      expect(lstatSync(join(dir, file)).isFile()).toBe(true);
    }
    expect(readdirSync(dir).sort()).toEqual(['absolute', 'far', 'into', 'near', 'plain', 'relative', 'second']);
  });

  it('refuses circular links, folders, sockets, and paths whose folder does not exist', async () => {
    symlinkSync('b', join(dir, 'a'));
    symlinkSync('a', join(dir, 'b'));
    mkdirSync(join(dir, 'folder'));
    symlinkSync('socket', join(dir, 'to-socket'));
    symlinkSync('nowhere/x', join(dir, 'lost'));
    const server = createServer().listen(join(dir, 'socket'));
    await new Promise((resolve) => server.on('listening', resolve));
    const before = readdirSync(dir);
    for (const [name, problem] of [
      ['a', 'its links lead in a circle'],
      ['folder', 'it is a folder; expected a plain file'],
      ['to-socket', 'it is a device, a pipe or a socket; expected a plain file'],
      ['socket', 'it is a device, a pipe or a socket; expected a plain file'],
      ['lost', 'there is no folder'],
      ['nowhere/x', 'there is no folder'],
    ] as const) {
      expect(() => writeAtomically(join(dir, name), bytes('new'))).toThrow(ArgumentError);
      expect(() => writeAtomically(join(dir, name), bytes('new'))).toThrow(problem);
    }
    expect(lstatSync(join(dir, 'socket')).isSocket()).toBe(true);
    expect(readdirSync(dir)).toEqual(before);
    await new Promise((resolve) => server.close(resolve));
  });

  it('does not change hard links to the old file', () => {
    writeFileSync(join(dir, 'a'), 'old');
    linkSync(join(dir, 'a'), join(dir, 'b'));
    writeAtomically(join(dir, 'a'), bytes('new'));
    expect([readFileSync(join(dir, 'a'), 'utf8'), readFileSync(join(dir, 'b'), 'utf8')]).toEqual(['new', 'old']);
  });
});

it('models and checkpoints are written the same way', async () => {
  const model = new nn.Sequential(new nn.Linear(2, 2));
  writeFileSync(join(dir, 'target'), 'old', { mode: 0o600 });
  symlinkSync('target', join(dir, 'link'));
  saveModel(model, join(dir, 'link'));
  loadModel(join(dir, 'target')).model.dispose();
  const checkpoint = new ModelCheckpoint(join(dir, 'link'), { saveWeightsOnly: true });
  const before = statSync(join(dir, 'target')).ino;
  await checkpoint.onEpochEnd(0, { loss: 1, valLoss: 1 }, { model } as never);
  expect(statSync(join(dir, 'target')).ino).not.toBe(before);
  expect([modeOf(join(dir, 'target')), lstatSync(join(dir, 'link')).isSymbolicLink()]).toEqual([0o600, true]);
  model.dispose();
});
