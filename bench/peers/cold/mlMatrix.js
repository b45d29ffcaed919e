/** ml-matrix: plain JavaScript. */
import { Matrix } from 'ml-matrix';

export function product() {
  const a = new Matrix([
    [1, 2],
    [3, 4],
  ]);
  return a.mmul(a).to1DArray();
}
