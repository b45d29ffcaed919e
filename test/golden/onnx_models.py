"""
ONNX files written by PyTorch's own exporter for several operator sets, with inputs and PyTorch's outputs for them. The
package `onnx` is not needed:

    /usr/bin/python3 test/golden/onnx_models.py
"""
import base64
import io
import json
import os
import warnings

import torch
import torch.nn as nn
import torch.nn.functional as F

HERE = os.path.dirname(os.path.abspath(__file__))


class Fn(nn.Module):
    """A function as a module; modules that it uses are given by name."""

    def __init__(self, fn, **parts):
        super().__init__()
        self.fn = fn
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, *xs):
        return self.fn(self, *xs)


def fn(run, **parts):
    return Fn(lambda self, *xs: run(*xs, **{name: getattr(self, name) for name in parts}), **parts)


def floats(*shape):
    return torch.randn(*shape)


def ints(high, *shape):
    return torch.randint(0, high, shape)


def seasoned(model, *shape):
    """With running statistics that differ from 0 and 1."""
    model.train()
    with torch.no_grad():
        model(torch.randn(*shape) * 2 + 1)
    return model


def cnn():
    return seasoned(nn.Sequential(
        nn.Conv2d(2, 4, 3, stride=2, padding=1), nn.BatchNorm2d(4), nn.ReLU6(), nn.MaxPool2d(3, 2, 1, ceil_mode=True),
        nn.Conv2d(4, 4, 3, padding=1, groups=4, bias=False), nn.Hardswish(), nn.AvgPool2d(2, 1, 1), nn.AdaptiveAvgPool2d(1),
        nn.Flatten(), nn.Linear(4, 3), nn.LogSoftmax(1)), 3, 2, 9, 9)


def sequence(kind, **options):
    return fn(lambda x, rnn: rnn(x), rnn=kind(3, 4, **options))


class Shapes(nn.Module):
    """Sizes that are computed inside the graph."""

    def forward(self, x):
        n, c, h, w = x.shape
        y = x.view(n, c // 2, 2, h * w).transpose(1, 2).reshape(n, -1, h, w)
        z = torch.zeros(n, 1, h, w) + x.mean(1, keepdim=True)
        return torch.cat([y, z.expand(n, 2, h, w)], 1)[:, 1:, :-1, ::2]


# Name: module, inputs, operator sets.
CASES = {
    'mlp': (lambda: nn.Sequential(nn.Linear(4, 5), nn.GELU(), nn.Linear(5, 3), nn.Softmax(-1)), lambda: [floats(2, 4)], (9, 13, 17)),
    'double': (lambda: nn.Sequential(nn.Linear(4, 3), nn.Tanh()).double(), lambda: [floats(2, 4).double()], (13,)),
    'cnn': (cnn, lambda: [floats(2, 2, 9, 9)], (10, 11, 13, 17)),
    'shapes': (Shapes, lambda: [floats(2, 4, 3, 3)], (11, 13, 17)),
    'lstm': (lambda: sequence(nn.LSTM, num_layers=2, bidirectional=True, batch_first=True), lambda: [floats(2, 5, 3)], (9, 14)),
    'gru': (lambda: sequence(nn.GRU, bidirectional=True), lambda: [floats(5, 2, 3)], (11, 17)),
    'rnn': (lambda: sequence(nn.RNN, num_layers=2, nonlinearity='relu', bias=False), lambda: [floats(5, 2, 3)], (11, 17)),
    'lstm with states': (lambda: fn(lambda x, h, c, rnn: rnn(x, (h, c)), rnn=nn.LSTM(3, 4)),
                         lambda: [floats(5, 2, 3), floats(1, 2, 4), floats(1, 2, 4)], (13,)),
    'attention': (lambda: fn(lambda x, y, m: m(x, y, y), m=nn.MultiheadAttention(8, 2, batch_first=True)),
                  lambda: [floats(2, 3, 8), floats(2, 4, 8)], (13, 17)),
    'encoder': (lambda: nn.Sequential(nn.TransformerEncoderLayer(8, 2, 16, activation='gelu', batch_first=True),
                                      nn.TransformerEncoderLayer(8, 2, 16, norm_first=True, batch_first=True)),
                lambda: [floats(2, 3, 8)], (14, 17)),
    'embedding': (lambda: fn(lambda i, table, head: head(table(i).mean(1)), table=nn.Embedding(9, 4, 0), head=nn.Linear(4, 2)),
                  lambda: [ints(9, 2, 5)], (9, 13)),
    'norms': (lambda: fn(lambda x, a, b, c: a(x) + b(x) + c(x), a=nn.LayerNorm([4, 4]), b=nn.GroupNorm(2, 4),
                         c=nn.InstanceNorm2d(4, affine=True)), lambda: [floats(2, 4, 4, 4)], (11, 17)),
    'upsample': (lambda: fn(lambda x: (F.interpolate(x, scale_factor=2), F.interpolate(x, size=(5, 7)),
                                       F.interpolate(x, scale_factor=2, mode='bilinear'),
                                       F.interpolate(x, size=(5, 7), mode='bilinear', align_corners=True))),
                 lambda: [floats(1, 2, 4, 3)], (11, 17)),
    'upsample nearest': (lambda: nn.Upsample(scale_factor=2), lambda: [floats(1, 2, 4, 3)], (9, 10)),
    'transposed': (lambda: nn.Sequential(nn.ConvTranspose2d(4, 4, 3, 2, 1, 1, groups=2), nn.PReLU(4)), lambda: [floats(1, 4, 3, 5)], (11, 17)),
    'lines': (lambda: nn.Sequential(nn.Conv1d(2, 4, 3, padding=2, dilation=2), nn.MaxPool1d(2), nn.AvgPool1d(3, 1, 1),
                                    nn.ConvTranspose1d(4, 2, 2, 2)), lambda: [floats(2, 2, 8)], (11, 17)),
    'pixels': (lambda: nn.Sequential(nn.PixelShuffle(2), nn.ReflectionPad2d(1), nn.ZeroPad2d((1, 0, 0, 2)), nn.ReplicationPad2d(1)),
               lambda: [floats(1, 4, 3, 3)], (11, 17)),
    'activations': (lambda: fn(lambda x: (F.elu(x, 0.5), F.selu(x), F.celu(x, 0.5), F.leaky_relu(x, 0.2), F.softplus(x), F.softsign(x),
                                          F.hardsigmoid(x), F.silu(x), F.mish(x), F.hardtanh(x), x.clamp(min=0.1), x.erf(),
                                          F.logsigmoid(x), F.threshold(x, 0.0, 0.0))), lambda: [floats(2, 5)], (12, 17)),
    'arithmetic': (lambda: fn(lambda x, y: (x + y, 1 - x / 2, x * y.abs().sqrt(), x ** 2, (x.abs() + 1) ** y, torch.max(x, y),
                                            torch.where(x > y, x, -y), x.reciprocal().floor(), (x.round() == 0).float(), x.sign() * x.exp(),
                                            (x >= y) & ~(x < 0), torch.sin(x) + torch.cos(y) + x.atan())),
                   lambda: [floats(2, 3), floats(3)], (11, 13, 16)),
    'reductions': (lambda: fn(lambda x: (x.sum(1), x.mean((0, 2), keepdim=True), x.amax(2), x.min(1)[0], x.argmax(1), x.prod(2), x.norm(2, 1),
                                         x.logsumexp(1), x.cumsum(2), x.topk(2, 2)[1], x.std(1), x.sum())),
                   lambda: [floats(2, 3, 4)], (11, 13, 17)),
    'indexing': (lambda: fn(lambda x, i: (x[:, 0], x[..., -1], x[1:, ::2], x.gather(1, i), x.index_select(1, i[0]), x.unsqueeze(1).squeeze(1),
                                          x.chunk(2, 1)[1], x.split([1, 3], 1)[1], x.repeat(2, 1), x.tril(), x.flip(1))),
                 lambda: [floats(3, 4), ints(4, 3, 2)], (14, 17)),
}
TYPES = {torch.float32: 'float32', torch.float64: 'float32', torch.int64: 'int32', torch.bool: 'bool'}


def encode(t):
    data = t.detach().double().reshape(-1).tolist() if t.is_floating_point() else t.detach().long().reshape(-1).tolist()
    # Nine digits are enough to restore a float32.
    return {'shape': list(t.shape), 'dtype': TYPES[t.dtype], 'data': [float(f'{x:.9g}') if isinstance(x, float) else x for x in data]}


def flat(value):
    return [value] if isinstance(value, torch.Tensor) else [t for part in value for t in flat(part)]


def generate():
    warnings.filterwarnings('ignore')
    torch.manual_seed(3)
    with open(os.path.join(HERE, 'onnx.jsonl'), 'w') as file:
        for name, (make, inputs, opsets) in CASES.items():
            model, given = make().eval(), inputs()
            for opset in opsets:
                # Every second file leaves the batch size open and folds no constants.
                is_open = opset % 2 == 0
                names = [f'x{i}' for i in range(len(given))]
                stream = io.BytesIO()
                torch.onnx.export(
                    model, tuple(given), stream, opset_version=opset, input_names=names, do_constant_folding=not is_open,
                    keep_initializers_as_inputs=opset == 9, dynamic_axes={n: {0: 'N'} for n in names} if is_open else None)
                with torch.no_grad():
                    outputs = flat(model(*given))
                case = {'name': name, 'opset': opset, 'model': base64.b64encode(stream.getvalue()).decode(),
                        'inputs': [encode(t) for t in given], 'outputs': [encode(t) for t in outputs]}
                file.write(json.dumps(case, separators=(',', ':')) + '\n')


if __name__ == '__main__':
    generate()
