/**
 * Which kind of machine a record of the guard belongs to. A processor's name does not tell: "AMD EPYC" is both family 25 (Zen 4)
 * and family 26 (Zen 5), which take 6 and 8 instructions a cycle, so that kernels reach different shares of the peak loop on them.
 */

/** The flags on which V8's SIMD code depends: AVX encodings, AVX2 broadcasts, FMA for relaxed multiply-adds. It does not use AVX-512. */
const FLAGS = ['avx', 'avx2', 'fma'];
const UNKNOWN = 'unknown';

/** Names and values of the first processor in the text of /proc/cpuinfo. */
function fieldsOf(cpuinfo: string): Map<string, string> {
  const fields = new Map<string, string>();
  const [first = ''] = cpuinfo.trim().split(/\n\s*\n/, 1);
  for (const line of first.split('\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon).trim(), line.slice(colon + 1).trim());
  }
  return fields;
}

/**
 * Keys of the records that fit a machine, the most exact one first: that of its model, then that of its family, for records whose
 * model was not noted. `cpuinfo` is the text of /proc/cpuinfo, empty where there is none; `name` is Node's name of the processor.
 */
export function processorKeys(cpuinfo: string, name: string, arch: string): string[] {
  const fields = fieldsOf(cpuinfo);
  const part = (label: string, field: string) => (fields.has(field) ? [`${label} ${fields.get(field)}`] : []);
  const known = fields.get('flags')?.split(/\s+/);
  const flags = known && FLAGS.filter((flag) => known.includes(flag)).join(' ');
  const begin = [
    `${fields.get('model name') || name.trim() || UNKNOWN} ${arch}`,
    ...part('family', 'cpu family'),
    ...part('implementer', 'CPU implementer'),
  ];
  const model = [...part('model', 'model'), ...part('part', 'CPU part')];
  const end = flags === undefined ? [] : [flags || 'no AVX'];
  const models = model.length > 0 && begin.length > 1 ? [model, [`model ${UNKNOWN}`]] : [model];
  return models.map((one) => [...begin, ...one, ...end].join(', '));
}
