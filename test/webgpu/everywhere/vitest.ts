/**
 * Replaces `vitest` in the bundle for other runtimes: what the tests import from it, made of its parts that do not need
 * Node.
 */
import { chai, JestAsymmetricMatchers, JestChaiExpect, JestExtend } from '@vitest/expect';
import type { vi as Vi } from 'vitest';

for (const plugin of [JestExtend, JestChaiExpect, JestAsymmetricMatchers]) chai.use(plugin);

export { afterAll, afterEach, beforeAll, beforeEach, describe, test } from '@vitest/runner';
export const { expect } = chai;
/** The runner has one time limit for all tests. */
export const vi: Pick<typeof Vi, 'setConfig'> = { setConfig: () => {} };
