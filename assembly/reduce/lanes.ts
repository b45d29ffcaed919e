/**
 * Loads and stores of whole vectors and of the few elements that are left at the end of a run. Nothing outside the run
 * is touched; addresses need no alignment.
 *
 * Kernels that treat vectors and single elements alike take a width marker: `v128` four lanes, `f32` one (lane 0; the
 * other lanes are computed too and dropped).
 */

// @ts-ignore: decorator
@inline
export function loadLanes<W>(p: usize): v128 {
  if (sizeof<W>() == 16) return v128.load(p);
  return v128.load32_zero(p);
}

// @ts-ignore: decorator
@inline
export function storeLanes<W>(p: usize, v: v128): void {
  if (sizeof<W>() == 16) v128.store(p, v);
  else v128.store32_lane(p, v, 0);
}

/** The `bytes` (4, 8 or 12) at p in the first lanes, `fill` in the others. */
// @ts-ignore: decorator
@inline
export function loadTail(p: usize, bytes: usize, fill: v128): v128 {
  if (bytes == 4) return v128.load32_lane(p, fill, 0);
  const v = v128.load64_lane(p, fill, 0);
  return bytes == 8 ? v : v128.load32_lane(p, v, 2, 8);
}

/** The first lanes of v to the `bytes` (4, 8 or 12) at p. */
// @ts-ignore: decorator
@inline
export function storeTail(p: usize, bytes: usize, v: v128): void {
  if (bytes == 4) {
    v128.store32_lane(p, v, 0);
  } else {
    v128.store64_lane(p, v, 0);
    if (bytes == 12) v128.store32_lane(p, v, 2, 8);
  }
}

// @ts-ignore: decorator
@inline
export function lane0(v: v128): f32 {
  return f32x4.extract_lane(v, 0);
}

/** The sum of the four lanes, in every lane: (0 + 2) + (1 + 3). */
// @ts-ignore: decorator
@inline
export function foldAdd(v: v128): v128 {
  const pairs = f32x4.add(v, v128.shuffle<f32>(v, v, 2, 3, 0, 1));
  return f32x4.add(pairs, v128.shuffle<f32>(pairs, pairs, 1, 0, 3, 2));
}

/** The greatest of the four lanes, in every lane. Lanes are not NaN. */
// @ts-ignore: decorator
@inline
export function foldMax(v: v128): v128 {
  const pairs = f32x4.pmax(v, v128.shuffle<f32>(v, v, 2, 3, 0, 1));
  return f32x4.pmax(pairs, v128.shuffle<f32>(pairs, pairs, 1, 0, 3, 2));
}
