/** Vectors in float64. */

export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** The largest absolute value; NaN if there is one. */
export function largest(a: Float64Array): number {
  let most = 0;
  for (const x of a) if (!(Math.abs(x) <= most)) most = Math.abs(x);
  return most;
}
