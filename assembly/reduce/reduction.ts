/** What cross-entropy and its gradient share: the numbers of the reductions in the command table, and class weights. */

export const NONE: u32 = 0;
export const MEAN: u32 = 1;

/** w[target]; without weights 1. */
// @ts-ignore: decorator
@inline
export function weightAt(weight: usize, target: i32): f32 {
  return weight ? load<f32>(weight + (<usize>target << 2)) : 1;
}
