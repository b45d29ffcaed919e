/** Damaged files: seeded changes of bytes, and of the values inside a JSON text. */

/** Random numbers from a seed (mulberry32). */
export function randomFrom(seed: number) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (n: number) => Math.floor(next() * n);
  return { next, below, pick: <T>(list: readonly T[]): T => list[below(list.length)]! };
}

export type Random = ReturnType<typeof randomFrom>;

/** Flips bits; overwrites, truncates, removes, inserts and copies bytes. */
export function damagedBytes(random: Random, good: Uint8Array): Uint8Array {
  const { below } = random;
  // A slice of a Buffer would share its memory.
  const bytes = new Uint8Array(good);
  const at = below(bytes.length);
  switch (below(7)) {
    case 0:
      for (let i = 0; i <= below(8); i++) bytes[below(bytes.length)]! ^= 1 << below(8);
      return bytes;
    case 1:
      for (let i = 0; i <= below(8); i++) bytes[below(bytes.length)] = below(256);
      return bytes;
    case 2:
      return bytes.subarray(0, at);
    case 3:
      return Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + 1 + below(16))]);
    case 4:
      return Uint8Array.from([
        ...bytes.subarray(0, at),
        ...Array.from({ length: 1 + below(16) }, () => below(256)),
        ...bytes.subarray(at),
      ]);
    case 5:
      bytes.copyWithin(at, below(bytes.length), below(bytes.length));
      return bytes;
    default:
      // Most formats keep their sizes at the start.
      for (let i = 0; i <= below(4); i++)
        bytes[below(Math.min(64, bytes.length))] = random.pick([0, 1, 0x7f, 0x80, 0xff]);
      return bytes;
  }
}

/** Texts that become deep nesting, which JSON.stringify cannot write. */
const DEEP: Record<string, string> = {
  '@lists': `${'['.repeat(5000)}${']'.repeat(5000)}`,
  '@objects': `${'{"a":'.repeat(5000)}0${'}'.repeat(5000)}`,
  '@modules': `${'{"kind":"Sequential","args":['.repeat(1000)}${']}'.repeat(1000)}`,
};

/** Replacements for a value: sizes beyond all memory, other types, deep nesting. */
const HOSTILE: readonly (() => unknown)[] = [
  ...[0, -0, -1, 0.5, 1e9, 2 ** 31, 2 ** 32 - 1, 2 ** 40, 2 ** 53 - 1, 2 ** 53, 1e308, -1e308].map((x) => () => x),
  ...[
    null,
    true,
    '',
    'x',
    '__proto__',
    'constructor',
    'F64',
    'I64',
    'BOOL',
    'F16',
    'Sequential',
    'LSTM',
    ...Object.keys(DEEP),
  ].map((x) => () => x),
  () => [],
  () => ({}),
  () => Array(1000).fill(2 ** 20),
  () => [2 ** 30, 2 ** 30, 2 ** 30],
  () => ({ shared: 0 }),
  () => ({ $number: 'Infinity' }),
  () => ({ $number: 'NaN' }),
];

/** Every place in a value: its parent, and its key there. */
function placesOf(value: unknown): [Record<string, unknown>, string][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [
    [value as Record<string, unknown>, key] as [Record<string, unknown>, string],
    ...placesOf(inner),
  ]);
}

/** A JSON text with one to three values replaced, removed, swapped, renamed or duplicated. */
export function damagedJson(random: Random, good: string): string {
  const { below, pick } = random;
  const value = JSON.parse(good) as Record<string, unknown>;
  for (let i = 0; i <= below(3); i++) {
    const places = placesOf(value);
    if (places.length === 0) break;
    const [holder, key] = pick(places);
    const [other, otherKey] = pick(places);
    switch (below(6)) {
      case 0:
        delete holder[key];
        break;
      case 1:
        [holder[key], other[otherKey]] = [structuredClone(other[otherKey]), structuredClone(holder[key])];
        break;
      case 2:
        if (typeof holder[key] === 'number') holder[key] = (holder[key] as number) + pick([-1, 1, 4, 1e6]);
        break;
      default:
        holder[key] = pick(HOSTILE)();
    }
  }
  const text = JSON.stringify(value).replace(/"(@[a-z]+)"/, (_, name) => DEEP[name] ?? '0');
  const at = text.indexOf('"', below(text.length));
  if (at < 0) return text;
  const key = /^"((?:[^"\\]|\\.)*)":/.exec(text.slice(at))?.[1];
  if (key === undefined) return text;
  const changed = [
    () => text,
    () => text,
    () => `${text.slice(0, at)}"__proto__":{"polluted":1},${text.slice(at)}`,
    () => `${text.slice(0, at)}"${key}":[4],${text.slice(at)}`,
    () =>
      `${text.slice(0, at)}"${pick(['__proto__', 'constructor', 'toString', ''])}":${text.slice(at + key.length + 3)}`,
  ];
  return pick(changed)();
}
