/** How the guard tells machines apart. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { processorKeys } from '../../bench/guard/machine.ts';

/** As Linux writes it on x64: two processors, with the fields of each up to the flags. */
function cpuinfo(family: number, model: number, flags = 'fpu sse4_2 fma avx avx2 avx512f avx512vl'): string {
  const fields = [
    'vendor_id\t: AuthenticAMD',
    `cpu family\t: ${family}`,
    `model\t\t: ${model}`,
    'model name\t: AMD EPYC',
    'stepping\t: 1',
    `flags\t\t: ${flags}`,
    'power management:',
  ].join('\n');
  return `processor\t: 0\n${fields}\n\nprocessor\t: 1\n${fields.replace(`: ${family}`, ': 99')}\n\n`;
}

describe('the key of a processor', () => {
  it('contains its family, its model and the flags that matter', () => {
    expect(processorKeys(cpuinfo(25, 17), 'AMD EPYC', 'x64')).toEqual([
      'AMD EPYC x64, family 25, model 17, avx avx2 fma',
      'AMD EPYC x64, family 25, model unknown, avx avx2 fma',
    ]);
  });

  it('tells two processors of the same name apart', () => {
    const [zen4, zen5] = [
      processorKeys(cpuinfo(25, 17), 'AMD EPYC', 'x64'),
      processorKeys(cpuinfo(26, 2), 'AMD EPYC', 'x64'),
    ];
    expect(new Set([...zen4, ...zen5]).size).toBe(4);
    expect(processorKeys(cpuinfo(26, 17), 'AMD EPYC', 'x64')[1]).toBe(zen5[1]);
  });

  it('depends on the flags that V8 uses, and not on other flags or their order', () => {
    const of = (flags: string) => processorKeys(cpuinfo(25, 17, flags), '', 'x64')[0];
    expect(of('avx2 avx fma')).toBe(of('fma avx512f avx avx2'));
    expect(of('avx avx2')).toBe('AMD EPYC x64, family 25, model 17, avx avx2');
    expect(of('sse4_2 avx512_vnni')).toBe('AMD EPYC x64, family 25, model 17, no AVX');
  });

  it('consists of implementer and part on ARM', () => {
    const text =
      'processor\t: 0\nBogoMIPS\t: 50.00\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\nCPU part\t: 0xd4f\n';
    expect(processorKeys(text, 'unknown', 'arm64')[0]).toBe('unknown arm64, implementer 0x41, part 0xd4f');
  });

  it.each([
    ['nothing', '', 'Apple M4 '],
    ['another format', 'cpu : 750FX\nmachine: PowerBook6,3\n\n: :\n::\n', 'Apple M4'],
    ['a line', 'no colon', 'Apple M4'],
  ])('is the name where /proc/cpuinfo holds %s', (_, text, name) => {
    expect(processorKeys(text, name, 'arm64')).toEqual(['Apple M4 arm64']);
    expect(processorKeys(text, '', 'arm64')).toEqual(['unknown arm64']);
  });

  it('is part of every record', () => {
    const records = readFileSync(new URL('../../bench/guard/records.json', import.meta.url), 'utf8');
    for (const key of Object.keys(JSON.parse(records))) {
      expect(key).toMatch(
        /^.+ (x64|arm64), (family|implementer) \w+, (model|part) \w+.*, Node \d+, (plain|relaxed) SIMD$/,
      );
    }
  });
});
