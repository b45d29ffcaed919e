/** The first product in workerd. */
import { tensor } from 'saraf';

export default {
  test() {
    const a = tensor([1, 2, 3, 4], { shape: [2, 2] });
    if (a.matmul(a).dataSync()[0] !== 7) throw new Error('the product is wrong');
  },
};
