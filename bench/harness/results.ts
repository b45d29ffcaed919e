/** The files in bench/results: one for each suite and major version of Node. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { benchFolder } from '../peers/load.ts';
import { majorOf } from './format.ts';
import type { SuiteResult } from './types.ts';

const folder = join(benchFolder, 'results');

export const resultFile = ({ suite, node }: SuiteResult): string => join(folder, `${suite}.node${majorOf(node)}.json`);

export function readResults(): SuiteResult[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')));
}
