/** The command that checks whether values are in range: lengths around that of a vector, any address, the ends of both types. */
import { describe, expect, it } from 'vitest';
import { floatBits } from '../../bindings/commands/program.ts';
import { encodeCheck } from '../../bindings/generated/encode.ts';
import { checkAll, type Range } from '../../bindings/ranges.ts';
import { Desk, tested } from '../support/commands.ts';

const INT_MIN = -(2 ** 31);
const INT_MAX = 2 ** 31 - 1;

interface Limits {
  dtype: Range['dtype'];
  low: number;
  high: number;
  except?: number;
}

/** For each check: values inside the range, and values outside it. */
const cases: [Limits, inside: number[], outside: number[]][] = [
  [{ dtype: 'int32', low: 0, high: 9 }, [0, 9, 4, 7], [-1, 10, INT_MIN, INT_MAX]],
  [{ dtype: 'int32', low: 0, high: 0 }, [0], [-1, 1]],
  [{ dtype: 'int32', low: 1, high: INT_MAX }, [1, INT_MAX], [0, INT_MIN]],
  [{ dtype: 'int32', low: 0, high: -1, except: -100 }, [-100], [0, -1, INT_MAX]],
  [{ dtype: 'int32', low: 0, high: 9, except: -100 }, [-100, 0, 9], [-99, -101, 10]],
  [{ dtype: 'int32', low: 0, high: 9, except: 12 }, [12, 3], [11, 13, -1]],
  [
    { dtype: 'float32', low: 0, high: 1 },
    [0, -0, 1, 0.5, 1e-45, Number.NaN],
    [-1e-45, -1, 1 + 2 ** -23, Infinity, -Infinity],
  ],
];

describe.each(tested)('check on %s', (_, executor) => {
  it.each(cases)('finds values out of range: %o', ({ dtype, low, high, except }, inside, outside) => {
    const desk = new Desk(executor);
    const bits = dtype === 'int32' ? (value: number) => value : floatBits;
    const fault = desk.put([0, 0, 0], 'int32');
    /** What the words say after a check of these values, with `before` in the first word. */
    const look = (values: number[], shift: number, before = 0): number[] => {
      const x = desk.put(values, dtype, shift);
      executor.write(fault.address, [before, 8, 9], 'int32');
      const limits = {
        low: bits(low),
        high: bits(high),
        except: bits(except ?? (dtype === 'int32' ? low : Number.NaN)),
      };
      const integer = dtype === 'int32' ? 1 : 0;
      encodeCheck(executor.program, {
        x: x.address,
        fault: fault.address,
        n: values.length,
        ...limits,
        integer,
        site: 5,
      });
      executor.run();
      desk.check(`${values}`);
      return Array.from(fault.read());
    };
    const refuse = (value: number, place: number) => new Error(`${place}: ${bits(value)}`);
    for (const n of [0, 1, 2, 3, 4, 5, 7, 8, 9, 17]) {
      const good = Array.from({ length: n }, (_, i) => inside[i % inside.length]!);
      expect(look(good, n % 4)).toEqual([0, 8, 9]);
      for (let place = 0; place < n; place++) {
        const bad = outside[place % outside.length]!;
        const values = good.map((value, i) => (i < place ? value : i === place ? bad : outside[0]!));
        expect(look(values, place % 4)).toEqual([5, place, bits(bad)]);
        // What the host says about the same values.
        const range = { dtype, low, high, except, name: 'x', refuse } as Range;
        expect(() => checkAll(range, values)).toThrow(`${place}: ${bits(bad)}`);
      }
      if (n > 0) expect(look(good.fill(outside[0]!), 0, 3), 'the first fault stays').toEqual([3, 8, 9]);
    }
    desk.clear();
  });
});
