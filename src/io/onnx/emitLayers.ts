/** Products, convolutions, pooling, resizing, normalisation and recurrent layers as ONNX nodes. */

import type { ConvGeometry } from '../../../bindings/wasm/winograd.ts';
import { spanOf, windowCount } from '../../../bindings/windows.ts';
import type { RecurrentKindName } from '../../emit/recurrent.ts';
import type { Shape } from '../../tensor/shapes.ts';
import { cannot, type Drafts, float, type StepView } from './draft.ts';
import type { Emitter } from './emitBasic.ts';

/** A sliding window along one dimension. */
interface Slide {
  size: number;
  out: number;
  kernel: number;
  stride: number;
  pad: number;
  dilation: number;
}

/** The padding at the end that gives `out` windows, rounded down: the same as at the start if that does it. */
function endPad(slide: Slide): number {
  const { size, out, stride, pad } = slide;
  const span = spanOf(slide.kernel, slide.dilation);
  if (windowCount(size + 2 * pad, span, stride) === out) return pad;
  return Math.max(0, (out - 1) * stride + span - size - pad);
}

/** The attributes of windows; the outermost dimension comes first. */
const windowOf = (slides: readonly Slide[]) => ({
  kernel_shape: slides.map(({ kernel }) => kernel),
  strides: slides.map(({ stride }) => stride),
  pads: [...slides.map(({ pad }) => pad), ...slides.map(endPad)],
});

const slidesOf = (g: ConvGeometry): [Slide, Slide] => [
  {
    size: g.height,
    out: g.outHeight,
    kernel: g.kernelHeight,
    stride: g.strideHeight,
    pad: g.padTop,
    dilation: g.dilationHeight,
  },
  {
    size: g.width,
    out: g.outWidth,
    kernel: g.kernelWidth,
    stride: g.strideWidth,
    pad: g.padLeft,
    dilation: g.dilationWidth,
  },
];

const operands = (s: StepView) => Array.from({ length: s.count }, (_, i) => s.name(i));

const convolution =
  (directions: 1 | 2): Emitter =>
  (d, s) => {
    const geometry = s.get<ConvGeometry>('geometry');
    const slides = slidesOf(geometry).slice(-directions);
    const dilations = slides.map(({ dilation }) => dilation);
    return d.node('Conv', operands(s), { ...windowOf(slides), dilations, group: geometry.groups });
  };

/** The gradient with respect to x is a transposed convolution, from the geometry's output to its input. */
const transposed: Emitter = (d, s) => {
  const geometry = s.get<ConvGeometry>('geometry');
  const slides = slidesOf(geometry);
  const extra = slides.map((w) => w.size - ((w.out - 1) * w.stride + spanOf(w.kernel, w.dilation) - 2 * w.pad));
  return d.node('ConvTranspose', operands(s), {
    kernel_shape: slides.map(({ kernel }) => kernel),
    strides: slides.map(({ stride }) => stride),
    pads: [...slides, ...slides].map(({ pad }) => pad),
    dilations: slides.map(({ dilation }) => dilation),
    output_padding: extra,
    group: geometry.groups,
  });
};

/** The windows of a pooling along both dimensions. */
function poolSlides(s: StepView): [Slide, Slide] {
  const slide = (side: 'Height' | 'Width'): Slide => ({
    size: s.get(side.toLowerCase()),
    out: s.get(`out${side}`),
    kernel: s.get(`kernel${side}`),
    stride: s.get(`stride${side}`),
    pad: s.get(`pad${side}`),
    dilation: s.get(`dilation${side}`),
  });
  return [slide('Height'), slide('Width')];
}

/** Runs `make` on x as [N, C, H, W]; x itself may lack N. */
function planes(d: Drafts, s: StepView, make: (x: string) => string): string {
  const from = s.shape(0);
  if (from.length === 4) return make(s.name(0));
  const y = make(d.reshape(s.name(0), from, [1, ...from]));
  return d.reshape(y, [1, ...s.outShape()], s.outShape());
}

const maxPool: Emitter = (d, s) => {
  const slides = poolSlides(s);
  if (slides[0].kernel === 0) cannot('adaptive max pooling', 'the input is not a multiple of the output');
  const dilations = slides.map(({ dilation }) => dilation);
  return [planes(d, s, (x) => d.node('MaxPool', [x], { ...windowOf(slides), dilations })), undefined];
};

/** The matrix [out, in] that takes the means of `out` parts of a line. */
function meansOf({ size, out }: Slide): number[] {
  return Array.from({ length: out }, (_, i) => {
    const [from, to] = [Math.floor((i * size) / out), Math.ceil(((i + 1) * size) / out)];
    return Array.from({ length: size }, (_, j) => (j >= from && j < to ? 1 / (to - from) : 0));
  }).flat();
}

/** The number of elements in each window that count: padding at both ends is included, what is beyond it is not. */
function counted(slide: Slide): number[] {
  const { size, out, kernel, stride, pad } = slide;
  return Array.from({ length: out }, (_, i) => Math.min(i * stride + kernel, size + 2 * pad) - i * stride);
}

const avgPool: Emitter = (d, s) => {
  const slides = poolSlides(s);
  const [rows, cols] = slides;
  if (rows.kernel === 0) {
    return planes(d, s, (x) => {
      const left = d.constant([rows.out, rows.size], 'float32', meansOf(rows));
      const right = d.constant([cols.out, cols.size], 'float32', meansOf(cols));
      return d.node('MatMul', [d.node('MatMul', [left, x]), d.node('Transpose', [right], { perm: [1, 0] })]);
    });
  }
  const count = s.get<number>('countPad');
  return planes(d, s, (x) => {
    const y = d.node('AveragePool', [x], { ...windowOf(slides), count_include_pad: count });
    if (count === 0 || slides.every((slide) => endPad(slide) <= slide.pad)) return y;
    // Windows that reach beyond the padding count fewer elements than the kernel has.
    const [across, along] = [counted(rows), counted(cols)];
    const factors = across.flatMap((h) => along.map((w) => (rows.kernel * cols.kernel) / (h * w)));
    return d.node('Mul', [y, d.constant([rows.out, cols.out], 'float32', factors)]);
  });
};

const resize: Emitter = (d, s) => {
  const [mode, out] = [s.get<string>('mode'), s.outShape()];
  const nearest = mode === 'nearest';
  const attributes = {
    mode: nearest ? 'nearest' : 'linear',
    coordinate_transformation_mode: nearest ? 'asymmetric' : mode === 'bilinear' ? 'half_pixel' : 'align_corners',
    ...(nearest ? { nearest_mode: 'floor' } : {}),
  };
  // A given factor may differ from the ratio of the sizes, and then chooses other elements.
  const sides = (['Height', 'Width'] as const).map((side) => ({
    size: s.get<number>(side.toLowerCase()),
    factor: 1 / s.get<number>(`scale${side}`),
  }));
  const isExact = sides.every(
    ({ size, factor }, i) => Math.floor(Math.fround(size * Math.fround(factor))) === out[2 + i],
  );
  if (mode !== 'bilinearCorners' && isExact) {
    const factors = [1, 1, ...sides.map(({ factor }) => factor)];
    return d.node('Resize', [s.name(0), '', d.constant([4], 'float32', factors)], attributes);
  }
  return d.node('Resize', [s.name(0), '', '', d.sizes(out)], attributes);
};

const linear: Emitter = (d, s) => {
  if (s.shape(0).length === 2) return d.node('Gemm', operands(s), { alpha: float(1), beta: float(1), transB: 1 });
  const y = d.node('MatMul', [s.name(0), d.node('Transpose', [s.name(1)], { perm: [1, 0] })]);
  return s.count > 2 ? d.node('Add', [y, s.name(2)]) : y;
};

/** Names of weight and bias, which follow x, or ones and zeros of `shape`. */
function affine(d: Drafts, s: StepView, shape: Shape): [weight: string, bias: string] {
  const [hasWeight, hasBias] = [s.get<boolean>('hasWeight'), s.get<boolean>('hasBias')];
  return [hasWeight ? s.name(1) : d.filled(shape, 1), hasBias ? s.name(hasWeight ? 2 : 1) : d.filled(shape, 0)];
}

const batchNorm: Emitter = (d, s) => {
  const [weight, bias] = affine(d, s, s.shape(0).slice(1, 2));
  const inputs = [s.name(0), weight, bias, s.name(s.count - 2), s.name(s.count - 1)];
  return d.node('BatchNormalization', inputs, { epsilon: float(s.get('eps')) });
};

/** y·weight + bias, with one weight and one bias for each channel of y [N, C, …]. */
function perChannel(d: Drafts, s: StepView, y: string): string {
  const [hasWeight, hasBias] = [s.get<boolean>('hasWeight'), s.get<boolean>('hasBias')];
  const [, channels = 1, ...rest] = s.shape(0);
  const fit = (i: number) => d.reshape(s.name(i), [channels], [channels, ...rest.map(() => 1)]);
  const scaled = hasWeight ? d.node('Mul', [y, fit(1)]) : y;
  return hasBias ? d.node('Add', [scaled, fit(hasWeight ? 2 : 1)]) : scaled;
}

/** Normalisation by the statistics of x. */
const norm: Emitter = (d, s) => {
  const epsilon = float(s.get('eps'));
  const { channels, groupChannels } = s.get<{ channels: number; groupChannels: number }>('view');
  const shape = s.shape(0);
  if (s.get('op') === 'layerNorm') {
    let axis = shape.length;
    if (s.count > 1) axis -= s.shape(1).length;
    else for (let size = 1; axis > 0 && (size < channels || axis === shape.length); ) size *= shape[--axis]!;
    const [weight, bias] = affine(d, s, shape.slice(axis));
    return d.node('LayerNormalization', [s.name(0), weight, bias], { axis, epsilon });
  }
  if (groupChannels === 0) {
    const axes = shape.flatMap((_, i) => (i === 1 ? [] : [i]));
    const centred = d.node('Sub', [s.name(0), d.node('ReduceMean', [s.name(0)], { axes, keepdims: 1 })]);
    const variance = d.node('ReduceMean', [d.node('Mul', [centred, centred])], { axes, keepdims: 1 });
    const spread = d.node('Sqrt', [d.node('Add', [variance, d.scalar(s.get('eps'))])]);
    return perChannel(d, s, d.node('Div', [centred, spread]));
  }
  if (groupChannels === 1 && shape.length > 2) {
    const [weight, bias] = affine(d, s, [channels]);
    return d.node('InstanceNormalization', [s.name(0), weight, bias], { epsilon });
  }
  const groups = channels / groupChannels;
  const joined = [shape[0]!, groups, shape.slice(1).reduce((a, b) => a * b, 1) / groups];
  const x = d.reshape(s.name(0), shape, joined);
  const inputs = [x, d.filled([groups], 1), d.filled([groups], 0)];
  return perChannel(d, s, d.reshape(d.node('InstanceNormalization', inputs, { epsilon }), joined, shape));
};

/** In parts, because ONNX has RMSNormalization only from opset 23 on. */
const rmsNorm: Emitter = (d, s) => {
  const x = s.name(0);
  const axes = [...s.shape(0).keys()].slice(-s.get<number>('dims'));
  const square = d.node('ReduceMean', [d.node('Mul', [x, x])], { axes, keepdims: 1 });
  const y = d.node('Div', [x, d.node('Sqrt', [d.node('Add', [square, d.scalar(s.get('eps'))])])]);
  return s.count > 1 ? d.node('Mul', [y, s.name(1)]) : y;
};

/** ONNX's names of recurrent layers, and its order of gates as positions in PyTorch's: i o f c in i f g o, z r h in r z n. */
const recurrentKinds: Record<
  RecurrentKindName,
  { op: string; gates: number[]; more: Record<string, number | string[]> }
> = {
  lstm: { op: 'LSTM', gates: [0, 3, 1, 2], more: {} },
  gru: { op: 'GRU', gates: [1, 0, 2], more: { linear_before_reset: 1 } },
  rnnTanh: { op: 'RNN', gates: [0], more: { activations: ['Tanh'] } },
  rnnRelu: { op: 'RNN', gates: [0], more: { activations: ['Relu'] } },
};

const recurrent: Emitter = (d, s) => {
  const { op, gates, more } = recurrentKinds[s.get<RecurrentKindName>('kind')];
  const names = s.get<string[]>('names');
  const has = (name: string) => names.includes(name);
  const named = (name: string) => (has(name) ? s.name(names.indexOf(name)) : '');
  const [steps = 0, batch = 0, size = 0] = s.outShape();
  const ordered = (w: string) => {
    if (gates.length === 1) return w;
    const parts = d.nodes('Split', [w, d.ints(gates.map(() => size))], { axis: 0 }, gates.length);
    return d.node(
      'Concat',
      gates.map((gate) => parts[gate]!),
      { axis: 0 },
    );
  };
  // A dimension for the directions; there is one direction.
  const inDirection = (name: string) => (name === '' ? '' : d.node('Unsqueeze', [name, d.ints([0])]));
  const biases = has('biasIh')
    ? d.node('Concat', [ordered(named('biasIh')), ordered(named('biasHh'))], { axis: 0 })
    : '';
  const inputs = [
    named('x'),
    inDirection(ordered(named('wIh'))),
    inDirection(ordered(named('wHh'))),
    inDirection(biases),
    named('lengths'),
    inDirection(named('h0')),
    inDirection(named('c0')),
  ];
  while (inputs.at(-1) === '') inputs.pop();
  const direction = s.get<boolean>('reverse') ? 'reverse' : 'forward';
  const [y = '', , c = ''] = d.nodes(op, inputs, { hidden_size: size, direction, ...more }, op === 'LSTM' ? 3 : 2);
  const out = d.reshape(y, [steps, 1, batch, size], [steps, batch, size]);
  return op === 'LSTM' ? [out, d.node('Squeeze', [c, d.ints([0])])] : [out];
};

export const layerEmitters: Record<string, Emitter> = {
  matmul: (d, s) => d.node('MatMul', [s.name(0), s.name(1)]),
  linear,
  conv: convolution(2),
  conv1d: convolution(1),
  convInputGrad: transposed,
  maxPool,
  avgPool,
  resize,
  batchNorm,
  norm,
  rmsNorm,
  recurrent,
};
