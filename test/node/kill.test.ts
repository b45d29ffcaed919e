/** Processes that are killed while they write a checkpoint: the file is complete, either the old one or the new one. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { nn, noGrad } from '../../src/index.ts';
import { loadModel, saveModel } from '../../src/node/index.ts';
import { randomFrom } from '../support/damage.ts';

const KILLS = 24;
const AT_ONCE = 3;
const PROGRAM = fileURLToPath(new URL('checkpoints.ts', import.meta.url));

/** Checkpoints, each with its number in the file and in all weights. */
const CHECKPOINTS = 5;

let dir: string;
const files: string[] = [];
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'saraf-'));
  const model = new nn.Sequential(new nn.Linear(256, 256), new nn.Linear(256, 8));
  for (let number = 0; number < CHECKPOINTS; number++) {
    noGrad(() => {
      for (const parameter of model.parameters()) parameter.fill_(number);
    });
    files.push(join(dir, `${number}.safetensors`));
    saveModel(model, files[number]!, { epoch: number });
  }
  model.dispose();
});
afterAll(() => rmSync(dir, { recursive: true }));

/** Runs the program, kills it this many milliseconds after its first checkpoint; returns the number of the last one that it printed. */
function runAndKill(path: string, first: number, milliseconds: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, path, String(first), ...files], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [told, complaints] = ['', ''];
    child.stdout.on('data', (chunk) => {
      if (told === '') setTimeout(() => child.kill('SIGKILL'), milliseconds);
      told += chunk;
    });
    child.stderr.on('data', (chunk) => {
      complaints += chunk;
    });
    child.on('close', (code, signal) => {
      if (signal === 'SIGKILL') resolve(Number(told.trim().split('\n').at(-1)));
      else reject(new Error(`the program ended with ${code ?? signal}: ${complaints}`));
    });
  });
}

const temporary = (folder: string) => readdirSync(folder).filter((name) => name.endsWith('.tmp'));

it(`${KILLS} kills leave complete files`, async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const random = randomFrom(seed);
  let strays = 0;
  let newer = 0;
  const series = async (name: string) => {
    const folder = mkdtempSync(join(dir, name));
    const path = join(folder, 'model.safetensors');
    let next = 1;
    for (let kill = 0; kill < KILLS / AT_ONCE; kill++) {
      const where = `seed ${seed}, ${name}, kill ${kill}`;
      const told = await runAndKill(path, next, random.next() * 40);
      const { model, epoch } = loadModel(path);
      expect([told % CHECKPOINTS, (told + 1) % CHECKPOINTS], where).toContain(epoch);
      for (const parameter of model.parameters())
        expect(
          parameter.dataSync().every((value) => value === epoch),
          where,
        ).toBe(true);
      model.dispose();
      // At most the file that the last process left: each save removes those of earlier ones.
      const left = temporary(folder);
      expect(left.length, where).toBeLessThanOrEqual(1);
      expect(
        left.every((file) => file.startsWith('.model.safetensors.')),
        where,
      ).toBe(true);
      strays += left.length;
      newer += Number(epoch !== told % CHECKPOINTS);
      next = told + 2;
    }
    const model = new nn.Sequential(new nn.Linear(2, 2));
    saveModel(model, path);
    expect(readdirSync(folder)).toEqual(['model.safetensors']);
    model.dispose();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => series(`series-${i}-`)));
  console.log(
    `seed ${seed}: ${KILLS} kills, ${strays} temporary files left, ${newer} times the file was newer than printed`,
  );
});

it('a save only removes temporary files of its own file, left by processes that have ended on this host', () => {
  const folder = mkdtempSync(join(dir, 'strays-'));
  const host = hostname().replace(/[^\w-]/g, '_');
  const kept = [
    `.a.safetensors.${host}.${process.ppid}.0.tmp`,
    '.a.safetensors.elsewhere.999999999.0.tmp',
    `.a.safetensors.${host}.notes.tmp`,
    `.b.safetensors.${host}.999999999.0.tmp`,
  ];
  for (const name of [...kept, `.a.safetensors.${host}.999999999.0.tmp`]) writeFileSync(join(folder, name), 'x');
  const model = new nn.Sequential(new nn.Linear(2, 2));
  // A name that is already taken, as after a restart with the same process id.
  for (let i = 0; i < 50; i++) writeFileSync(join(folder, `.a.safetensors.${host}.${process.pid}.${i}.tmp`), 'x');
  saveModel(model, join(folder, 'a.safetensors'));
  model.dispose();
  const own = Array.from({ length: 50 }, (_, i) => `.a.safetensors.${host}.${process.pid}.${i}.tmp`);
  expect(readdirSync(folder).sort()).toEqual([...kept, ...own, 'a.safetensors'].sort());
  expect(readFileSync(join(folder, own[0]!), 'utf8')).toBe('x');
});
