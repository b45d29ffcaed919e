/**
 * A program for the test of kills: it writes checkpoints in a loop and prints the number of each. The files to write
 * are next to them, made by `saveModel`; only the code that writes them is loaded here, so that many starts take little
 * time.
 */
import { readFileSync, writeSync } from 'node:fs';
import { writeAtomically } from '../../src/node/write.ts';

const [path, first, ...files] = process.argv.slice(2);
const checkpoints = files.map((file) => readFileSync(file));
for (let number = Number(first); ; number++) {
  writeAtomically(path!, checkpoints[number % checkpoints.length]!);
  writeSync(1, `${number}\n`);
}
