/** The first operation of a program: a product. */
import { tensor } from 'saraf';

export function product() {
  const a = tensor([1, 2, 3, 4], { shape: [2, 2] });
  return a.matmul(a).dataSync();
}
