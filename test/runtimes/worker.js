/** The program in workerd, as a test for its own runner. */
import { run } from './program.js';

export default {
  async test() {
    console.log(JSON.stringify(await run()));
  },
};
