import { randn, nn, memory, tensor, scope, manualSeed } from '/work/wt/recurrent/src/index.ts';
manualSeed(1);
const l = new nn.LSTM(3, 5, { numLayers: 2, bidirectional: true });
const x = randn(4, 6, 3);
const [out, [h, c]] = l.forward(x, null, { lengths: [4, 2, 1, 3, 4, 2] });
console.log(out.shape, h.shape, c.shape);
out.sum().add(c.sum()).add(h.sum()).backward();
console.log(l.parameters().map(p => p.grad!.sum().item()));
