/** Seeded numbers for the inputs: the same in every run (mulberry32). */

export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** `n` numbers spread evenly over [low, high). */
export function uniform(n: number, low: number, high: number, seed: number): Float32Array {
  const next = generator(seed);
  return Float32Array.from({ length: n }, () => low + (high - low) * next());
}
