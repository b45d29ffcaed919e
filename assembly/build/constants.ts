/**
 * Moves the vector constants of a compiled module into immutable globals. V8 13 and later (from Node 24 on) rebuilds a
 * `v128.const` at each use, by three instructions, in loops too; an immutable global is loaded once, before the
 * loop. For older V8 it makes no difference. It is the last step of a build: Binaryen folds such globals back into constants.
 */
import binaryen from 'assemblyscript/binaryen';

const constant = /\(v128\.const i32x4((?: 0x[0-9a-f]{8}){4})\)/g;
/** All zeros and all ones take one instruction without a load. */
const cheap = new Set(['00000000', 'ffffffff'].map((word) => ` 0x${word}`.repeat(4)));

/** The module's bytes, its constants replaced. */
export function constantsToGlobals(bytes: Uint8Array): Uint8Array {
  const names = new Map<string, string>();
  const source = binaryen.readBinary(bytes);
  const text = source.emitText().replace(constant, (whole, words: string) => {
    if (cheap.has(words)) return whole;
    const name = names.get(words) ?? `$constant${names.size}`;
    names.set(words, name);
    return `(global.get ${name})`;
  });
  source.dispose();
  if (names.size === 0) throw new Error('no vector constants were found in the module: their text form has changed');
  const globals = [...names].map(([words, name]) => `(global ${name} v128 (v128.const i32x4${words}))`);
  const target = binaryen.parseText(text.replace(/\)\s*$/, `${globals.join('\n')})`));
  target.setFeatures(binaryen.Features.All);
  if (!target.validate()) throw new Error('the module with constants as globals is not valid');
  const result = target.emitBinary();
  target.dispose();
  return result;
}
