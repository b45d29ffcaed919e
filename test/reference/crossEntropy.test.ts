import { describe, expect, it } from 'vitest';
import { encodeCrossEntropy, encodeCrossEntropyGrad } from '../../bindings/generated/encode.ts';
import { Machine, precisions } from './machine.ts';

const rows = 4;
const cols = 3;
const logits = [1, 2, -1, 0.5, 0.5, 3, 2, -3, 0, -1, 4, 1];
const targets = [2, 0, -100, 1];
const classWeights = [0.5, 2, 1.5];
/** torch.logsumexp(logits, 1). */
const lse = [2.349012216768186, 3.1520083843911353, 2.132845233727575, 4.054985235377147];

interface Case {
  reduction: number;
  weighted: boolean;
  smoothing: number;
  loss: number[];
  g: number[];
  gx: number[];
}

/** torch 1.13, float64: F.cross_entropy(logits, targets, weight, label_smoothing, reduction) and its gradient for g. */
const cases: Case[] = [
  {
    reduction: 0,
    weighted: false,
    smoothing: 0,
    loss: [3.349012216768186, 2.6520083843911353, 0, 0.05498523537714723],
    g: [1, -2, 3, 0.5],
    gx: [
      0.25949646034241913, 0.7053845126982412, -0.9648809730406602, 1.85898107867759, -0.1410189213224101,
      -1.7179621573551795, 0, 0, 0, 0.0031887304612211484, -0.02675043872355315, 0.023561708262332073,
    ],
  },
  {
    reduction: 0,
    weighted: true,
    smoothing: 0,
    loss: [5.0235183251522795, 1.3260041921955676, 0, 0.10997047075429446],
    g: [1, -2, 3, 0.5],
    gx: [
      0.3892446905136287, 1.0580767690473618, -1.4473214595609905, 0.929490539338795, -0.07050946066120505,
      -0.8589810786775898, 0, 0, 0, 0.006377460922442297, -0.0535008774471063, 0.04712341652466415,
    ],
  },
  {
    reduction: 0,
    weighted: false,
    smoothing: 0.25,
    loss: [2.9323455501015196, 2.443675051057802, 0, 0.7216519020438139],
    g: [1, -2, 3, 0.5],
    gx: [
      0.17616312700908582, 0.6220511793649078, -0.7982143063739936, 1.5256477453442567, 0.025647745344256567,
      -1.5512954906885128, 0, 0, 0, -0.03847793620544552, 0.056582894609780165, -0.01810495840433459,
    ],
  },
  {
    reduction: 0,
    weighted: true,
    smoothing: 0.25,
    loss: [4.300642816120272, 1.5660059389437206, 0, 0.6841395981914367],
    g: [1, -2, 3, 0.5],
    gx: [
      0.3367656713326945, 0.8620190810182684, -1.198784752350963, 0.7334449307299595, 0.2334449307299595,
      -0.966889861459919, 0, 0, 0, -0.014987327487761227, 0.03429086234015259, -0.019303534852391196,
    ],
  },
  {
    reduction: 1,
    weighted: false,
    smoothing: 0,
    loss: [2.018668612178823],
    g: [2],
    gx: [
      0.1729976402282794, 0.47025634179882747, -0.6432539820271068, -0.6196603595591966, 0.04700630710747003,
      0.5726540524517265, 0, 0, 0, 0.004251640614961531, -0.0356672516314042, 0.03141561101644276,
    ],
  },
  {
    reduction: 1,
    weighted: true,
    smoothing: 0,
    loss: [1.6148732470255354],
    g: [2],
    gx: [
      0.19462234525681435, 0.5290383845236809, -0.7236607297804952, -0.23237263483469875, 0.01762736516530126,
      0.21474526966939744, 0, 0, 0, 0.006377460922442297, -0.0535008774471063, 0.04712341652466415,
    ],
  },
  {
    reduction: 1,
    weighted: false,
    smoothing: 0.25,
    loss: [2.032557501067712],
    g: [2],
    gx: [
      0.11744208467272389, 0.41470078624327195, -0.5321428709159958, -0.5085492484480856, -0.008549248448085517,
      0.517098496896171, 0, 0, 0, -0.05130391494059402, 0.07544385947970696, -0.024139944539112786,
    ],
  },
  {
    reduction: 1,
    weighted: true,
    smoothing: 0.25,
    loss: [1.6376970883138573],
    g: [2],
    gx: [
      0.16838283566634726, 0.4310095405091342, -0.5993923761754815, -0.18336123268248988, -0.058361232682489876,
      0.24172246536497974, 0, 0, 0, -0.014987327487761227, 0.03429086234015259, -0.019303534852391196,
    ],
  },
  {
    reduction: 2,
    weighted: false,
    smoothing: 0,
    loss: [6.056005836536469],
    g: [2],
    gx: [
      0.5189929206848383, 1.4107690253964824, -1.9297619460813205, -1.85898107867759, 0.1410189213224101,
      1.7179621573551795, 0, 0, 0, 0.012754921844884594, -0.1070017548942126, 0.0942468330493283,
    ],
  },
  {
    reduction: 2,
    weighted: true,
    smoothing: 0,
    loss: [6.4594929881021415],
    g: [2],
    gx: [
      0.7784893810272574, 2.1161535380947236, -2.894642919121981, -0.929490539338795, 0.07050946066120505,
      0.8589810786775898, 0, 0, 0, 0.025509843689769187, -0.2140035097884252, 0.1884936660986566,
    ],
  },
  {
    reduction: 2,
    weighted: false,
    smoothing: 0.25,
    loss: [6.097672503203135],
    g: [2],
    gx: [
      0.35232625401817164, 1.2441023587298157, -1.5964286127479872, -1.5256477453442567, -0.025647745344256567,
      1.5512954906885128, 0, 0, 0, -0.15391174482178208, 0.22633157843912066, -0.07241983361733836,
    ],
  },
  {
    reduction: 2,
    weighted: true,
    smoothing: 0.25,
    loss: [6.550788353255429],
    g: [2],
    gx: [
      0.673531342665389, 1.7240381620365368, -2.397569504701926, -0.7334449307299595, -0.2334449307299595,
      0.966889861459919, 0, 0, 0, -0.05994930995104491, 0.13716344936061037, -0.07721413940956479,
    ],
  },
];
const named = cases.map((c): [string, Case] => [
  `reduction ${c.reduction}, ${c.weighted ? 'weighted' : 'unweighted'}, smoothing ${c.smoothing}`,
  c,
]);

describe.each(precisions)('cross-entropy in float%i', (precision) => {
  const machine = new Machine(precision);
  const x = machine.floats(...logits);
  const target = machine.ints(...targets);
  const weights = machine.floats(...classWeights);

  it.each(named)('%s is right', (_name, { reduction, weighted, smoothing, loss: expected, g, gx: expectedGrad }) => {
    const weight = weighted ? weights : 0;
    const [loss, lseAt, norm, gx] = [machine.room(4), machine.room(4), machine.room(1), machine.room(12)];
    const shared = { x, target, weight, lse: lseAt, norm, rows, cols, reduction, ignoreIndex: -100, smoothing };
    machine.run(encodeCrossEntropy, { ...shared, loss });
    machine.expectClose(loss, expected);
    machine.expectClose(lseAt, lse);
    machine.expectClose(norm, [weighted ? 4 : 3]);
    machine.run(encodeCrossEntropyGrad, { ...shared, g: machine.floats(...g), gx });
    machine.expectClose(gx, expectedGrad, 32);
  });

  it('gives NaN as the mean over no rows, with gradient 0', () => {
    const [loss, lseAt, norm, gx] = [machine.room(1), machine.room(2), machine.room(1), machine.room(6)];
    const shared = { x, target: machine.ints(7, 7), weight: 0, lse: lseAt, norm, rows: 2, cols, reduction: 1 };
    machine.run(encodeCrossEntropy, { ...shared, loss, ignoreIndex: 7, smoothing: 0 });
    machine.expectClose(loss, [Number.NaN]);
    machine.expectClose(norm, [0]);
    machine.run(encodeCrossEntropyGrad, { ...shared, g: machine.floats(1), gx, ignoreIndex: 7, smoothing: 0 });
    machine.expectClose(gx, [0, 0, 0, 0, 0, 0]);
  });

  it('accepts logits of −∞, and large ones', () => {
    const [loss, lseAt, norm] = [machine.room(2), machine.room(2), machine.room(1)];
    const at = machine.floats(0, -Infinity, 0, 1000, 999, 0);
    const command = { x: at, target: machine.ints(0, 2), weight: 0, loss, lse: lseAt, norm, rows: 2, cols };
    machine.run(encodeCrossEntropy, { ...command, reduction: 0, ignoreIndex: -1, smoothing: 0 });
    machine.expectClose(loss, [Math.LN2, 1000.3132616875182]);
    machine.run(encodeCrossEntropy, { ...command, reduction: 0, ignoreIndex: -1, smoothing: 0.5 });
    expect(machine.readFloats(loss, 1)).toEqual([Number.POSITIVE_INFINITY]);
  });
});
