/** Tests of refusals: the class, the message, and no leaks. */
import { describe, expect, it } from 'vitest';
import { memory, SarafError, scope } from '../../src/index.ts';

export type Refusal = [what: string, fn: () => unknown, kind: new (...args: never[]) => SarafError, message: string];

/** One test for each: `fn` throws a `kind` whose message contains `message`, and leaks nothing. */
export function check(refusals: Refusal[]): void {
  it.each(refusals)('%s', (_, fn, kind, message) => {
    const { tensors, bytesInUse } = memory();
    let error: unknown;
    scope(() => {
      try {
        fn();
      } catch (e) {
        error = e;
      }
    });
    expect(error).toBeInstanceOf(kind);
    expect(error).toBeInstanceOf(SarafError);
    expect((error as Error).message).toContain(message);
    expect((error as Error).name).toBe(kind.name);
    expect(memory()).toMatchObject({ tensors, bytesInUse });
  });
}

/** The same in a group of this name. */
export function describeRefusals(name: string, refusals: Refusal[]): void {
  describe(name, () => check(refusals));
}
