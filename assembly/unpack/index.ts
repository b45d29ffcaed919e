/**
 * A module of its own that unpacks the kernels: LZMA (lc = 3, lp = 0, pb = 2) as in the specification of the LZMA SDK. No
 * decoder of the runtimes works everywhere and synchronously, and one in JavaScript takes four times as long. One thread uses
 * the module once, so it may have globals. Assumptions: the stream is complete and its length known (the build makes it);
 * memory is zero at first.
 *
 *     0                 chances of the coder's bits, u16
 *     heapBase()        the packed bytes, then the unpacked ones
 */
export { fuse } from './fuse';

const CHANCE_BITS: u32 = 11;
/** The chance of a bit that is 0 as often as 1. */
const EVEN: u16 = 1 << 10;
/** How fast a chance adapts to each bit: by 1/32 of the distance. */
const RATE: u32 = 5;
/** A range below this is widened with the next byte. */
const SMALL: u32 = 1 << 24;

/** Addresses of the groups of chances, in elements. */
const POSITIONS: u32 = 4;
const STATES: u32 = 12;
const IS_MATCH: u32 = 0;
const IS_REPEAT: u32 = IS_MATCH + STATES * POSITIONS;
const IS_REPEAT_0: u32 = IS_REPEAT + STATES;
const IS_REPEAT_1: u32 = IS_REPEAT_0 + STATES;
const IS_REPEAT_2: u32 = IS_REPEAT_1 + STATES;
const IS_LONG: u32 = IS_REPEAT_2 + STATES;
const SLOTS: u32 = IS_LONG + STATES * POSITIONS;
const SPECIAL: u32 = SLOTS + 4 * 64;
const ALIGN: u32 = SPECIAL + 128;
const MATCH_LENGTH: u32 = ALIGN + 16;
const LENGTHS_LOW: u32 = 8;
const LENGTHS: u32 = 2 + 2 * POSITIONS * LENGTHS_LOW + 256;
const REPEAT_LENGTH: u32 = MATCH_LENGTH + LENGTHS;
const LITERALS: u32 = REPEAT_LENGTH + LENGTHS;
const CHANCES: u32 = LITERALS + 8 * 0x300;

let range: u32 = 0;
let code: u32 = 0;
let next: usize = 0;

/** Where the packed bytes go. */
export function heapBase(): usize {
  return CHANCES * 2;
}

function widen(): void {
  range <<= 8;
  code = (code << 8) | load<u8>(next++);
}

function bit(at: u32): u32 {
  const chance = <u32>load<u16>(at << 1);
  const bound = (range >>> CHANCE_BITS) * chance;
  let value: u32 = 0;
  if (code < bound) {
    range = bound;
    store<u16>(at << 1, chance + (((1 << CHANCE_BITS) - chance) >>> RATE));
  } else {
    range -= bound;
    code -= bound;
    store<u16>(at << 1, chance - (chance >>> RATE));
    value = 1;
  }
  if (range < SMALL) widen();
  return value;
}

/** A number of `bits` bits, the highest first; each bit has a chance that depends on the bits before it. */
function tree(at: u32, bits: u32): u32 {
  let node: u32 = 1;
  for (let i: u32 = 0; i < bits; i++) node = (node << 1) | bit(at + node);
  return node - (1 << bits);
}

/** The same, the lowest bit first. */
function reversed(at: u32, bits: u32): u32 {
  let node: u32 = 1;
  let value: u32 = 0;
  for (let i: u32 = 0; i < bits; i++) {
    const b = bit(at + node);
    node = (node << 1) | b;
    value |= b << i;
  }
  return value;
}

/** Bits that are 0 as often as 1. */
function direct(bits: u32): u32 {
  let value: u32 = 0;
  for (; bits != 0; bits--) {
    range >>>= 1;
    const b = u32(code >= range);
    code -= range & (0 - b);
    value = (value << 1) | b;
    if (range < SMALL) widen();
  }
  return value;
}

function lengthOf(at: u32, position: u32): u32 {
  if (!bit(at)) return 2 + tree(at + 2 + position * LENGTHS_LOW, 3);
  if (!bit(at + 1)) return 10 + tree(at + 2 + (POSITIONS + position) * LENGTHS_LOW, 3);
  return 18 + tree(at + 2 + 2 * POSITIONS * LENGTHS_LOW, 8);
}

function distanceOf(length: u32): u32 {
  const slot = tree(SLOTS + min<u32>(length - 2, 3) * 64, 6);
  if (slot < 4) return slot;
  const bits = (slot >>> 1) - 1;
  const base = (2 | (slot & 1)) << bits;
  if (slot < 14) return base + reversed(SPECIAL + base - slot, bits);
  return base + (direct(bits - 4) << 4) + reversed(ALIGN, 4);
}

/** A literal byte. `before` is the previous byte; `expected` the one with which the last match would have continued, or −1. */
function literal(before: u32, expected: i32): u32 {
  const at = LITERALS + (before >>> 5) * 0x300;
  let symbol: u32 = 1;
  while (expected >= 0 && symbol < 0x100) {
    expected <<= 1;
    const hint = expected & 0x100;
    symbol = (symbol << 1) | bit(at + 0x100 + hint + symbol);
    if (<u32>(hint >>> 8) != (symbol & 1)) break;
  }
  while (symbol < 0x100) symbol = (symbol << 1) | bit(at + symbol);
  return symbol;
}

/** Unpacks `length` bytes to `out`. */
export function unpack(packed: usize, out: usize, length: u32): void {
  for (let i: u32 = 0; i < CHANCES; i++) store<u16>(i << 1, EVEN);
  next = packed;
  for (let i = 0; i < 5; i++) widen();
  range = 0xffffffff;
  // Distances of the last four matches, less one.
  let d0: u32 = 0;
  let d1: u32 = 0;
  let d2: u32 = 0;
  let d3: u32 = 0;
  let state: u32 = 0;
  const end = out + length;
  for (let at = out; at < end; ) {
    const position = <u32>(at - out) & (POSITIONS - 1);
    if (!bit(IS_MATCH + state * POSITIONS + position)) {
      const before = at == out ? 0 : <u32>load<u8>(at - 1);
      store<u8>(at, literal(before, state < 7 ? -1 : <i32>load<u8>(at - d0 - 1)));
      at++;
      state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6;
      continue;
    }
    let count: u32 = 1;
    if (!bit(IS_REPEAT + state)) {
      d3 = d2;
      d2 = d1;
      d1 = d0;
      count = lengthOf(MATCH_LENGTH, position);
      d0 = distanceOf(count);
      state = state < 7 ? 7 : 10;
    } else {
      let isLong: u32 = 1;
      if (!bit(IS_REPEAT_0 + state)) {
        isLong = bit(IS_LONG + state * POSITIONS + position);
      } else {
        let distance = d1;
        if (bit(IS_REPEAT_1 + state)) {
          distance = d2;
          if (bit(IS_REPEAT_2 + state)) {
            distance = d3;
            d3 = d2;
          }
          d2 = d1;
        }
        d1 = d0;
        d0 = distance;
      }
      if (isLong) {
        count = lengthOf(REPEAT_LENGTH, position);
        state = state < 7 ? 8 : 11;
      } else {
        state = state < 7 ? 9 : 11;
      }
    }
    for (; count != 0; count--, at++) store<u8>(at, load<u8>(at - d0 - 1));
  }
}
