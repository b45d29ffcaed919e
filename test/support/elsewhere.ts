/**
 * The documentation's examples as plain JavaScript, to be run where names mean something else: in another realm, or
 * with two copies of saraf.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { examplesIn, moduleOf, root, sources } from './documentation.ts';

/** Examples that are not run: they use files or the network, must run first or only once, or train for a long time. */
const LEFT_OUT =
  /\binit\(\{|\b(fetch|readCsv|imageFolder|imdb|mnist|readFileSync|modulePath)\(|import\.meta|\bload\w+\('|from '(saraf\/|node:)|gridSearch|registerLayer|\bfit\(/;

/** The examples by place, as a script whose value is `{ place: async (check, given) => … }`; free names stay free. */
export async function exampleScript(): Promise<{ code: string; places: string[] }> {
  const examples = sources
    .filter((file) => !file.startsWith('bindings/') && !file.startsWith('src/node/'))
    .flatMap(examplesIn)
    .filter(({ code }) => !LEFT_OUT.test(code.join('\n')));
  const { text } = moduleOf(
    '',
    ' const { x, y, xTrain, yTrain, xTest, yTest, model, optimizer, trainer } = given();',
    examples,
  );
  const folder = join(root, 'out/elsewhere');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${process.pid}.ts`);
  writeFileSync(file, text);
  const bundle = await rolldown({ input: file, treeshake: false, logLevel: 'silent' });
  const { output } = await bundle.generate({ format: 'cjs' });
  await bundle.close();
  rmSync(file);
  return {
    code: `(() => { const exports = {}; ${output[0].code}; return exports.examples; })()`,
    places: examples.map(({ place }) => place),
  };
}
