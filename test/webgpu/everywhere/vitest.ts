/**
 * What the tests import from `vitest`, made of its parts that need nothing of Node: it has vitest's place in the bundle for other
 * runtimes.
 */
import { chai, JestAsymmetricMatchers, JestChaiExpect, JestExtend } from '@vitest/expect';
import type { vi as Vi } from 'vitest';

for (const plugin of [JestExtend, JestChaiExpect, JestAsymmetricMatchers]) chai.use(plugin);

export { afterAll, afterEach, beforeAll, beforeEach, describe, test } from '@vitest/runner';
export const { expect } = chai;
/** The runner gives all tests the same time. */
export const vi: Pick<typeof Vi, 'setConfig'> = { setConfig: () => {} };
