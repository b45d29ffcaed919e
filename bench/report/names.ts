/** The names of tasks in charts: those in the suites give every size, and some refer to the row above. */

const CONV = /^n(\d+) (\d+)² (depthwise )?(\S+) k(\d)( s2)?(, backward)?$/;

const fixed: Record<string, string> = {
  'embedding 10,000×128, LSTM of 128 units, 200 steps, batch 64, Adam': 'sentences of 200 words, LSTM of 128 units',
  'the same, forward and backward': 'max pooling, forward and backward',
  'max pooling 2×2 of 64×32×26×26': 'max pooling 2×2, 64×32×26²',
  'batch normalisation of 64×64×14×14 in training, forward and backward': 'batch norm, forward and backward',
  'autoencoder 784-128-32-128-784, batch 128, Adam': 'autoencoder 784-128-32, batch 128',
  '2-3-1, batch 4, SGD': 'XOR 2-3-1, batch 4, measured again',
  '2-3-1, batch 4': 'XOR 2-3-1, batch 4',
};

function conv(name: string): string | undefined {
  const match = name.match(CONV);
  if (match === null) return undefined;
  const [, batch, size, depthwise = '', channels, kernel, stride, backward] = match;
  const rest = [...(stride ? ['stride 2'] : []), ...(batch === '1' ? [] : [`batch ${batch}`])];
  if (backward) rest.push('backward');
  return [`${depthwise}${kernel}×${kernel}, ${channels}, ${size}²`, ...rest].join(', ');
}

export function displayName(name: string): string {
  return (
    fixed[name] ??
    conv(name) ??
    name
      .replace(/^(\S+), 64×200 indices/, 'embedding $1')
      .replace(', 50 steps, batch 950, Adam', ', 50 steps')
      .replace(/^(\d+)×(\d+) · \2×(\d+) (..)$/, (_, m, k, n, form) =>
        m === k && k === n ? `product ${m}³ ${form}` : `product ${m}×${k}×${n} ${form}`,
      )
  );
}
