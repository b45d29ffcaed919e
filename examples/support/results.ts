/** The results of examples: pictures in files, and goals that they reach or miss. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Writes a picture to out/, or into the folder that the command line names. */
export function savePicture(name: string, svg: string): void {
  const path = join(process.argv[2] ?? 'out', `${name}.svg`);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, svg);
  console.log(`picture: ${path}`);
}

/** Reports whether a goal is reached; if not, the example fails. */
export function goal(what: string, reached: boolean): void {
  console.log(`${reached ? 'reached' : 'MISSED'}: ${what}`);
  if (!reached) process.exitCode = 1;
}

/** The last value of a curve. */
export const last = (curve: readonly number[]): number => curve.at(-1) ?? Number.NaN;

export const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
