"""
Values and gradients of functions of one, two and three elements at special arguments: ties and limits, ±0, ±∞, NaN and very large
numbers, written to edges.jsonl, one function per line. Needs no NumPy; the fixture is from PyTorch 2.13:

    python3 test/golden/edges.py
"""
import json
import math
import os

import torch
import torch.nn.functional as F

HERE = os.path.dirname(os.path.abspath(__file__))
INF, NAN = math.inf, math.nan

ONE = [-INF, -1e30, -100, -20, -6, -3, -2, -1, -0.5, -0.0, 0.0, 0.25, 0.5, 1, 2, 3, 6, 20, 30, 100, 1e30, INF, NAN]
PAIR = [-INF, -2, -1, -0.5, -0.0, 0.0, 0.5, 1, 2, INF, NAN]
SHARE = [0.0, 0.25, 0.5, 1.0]

UNARY = {
    **{name: getattr(torch, name) for name in (
        'neg abs sign sqrt rsqrt reciprocal square exp log log1p sin cos tanh sigmoid relu atan erf floor ceil round'
    ).split()},
    'clamp': lambda x: x.clamp(-1, 2),
    'clampMin': lambda x: x.clamp(min=0),
    'clampMax': lambda x: x.clamp(max=0),
    'addScalar': lambda x: x + 2,
    'rsubScalar': lambda x: 2 - x,
    'mulScalar': lambda x: x * 0,
    'divScalar': lambda x: x / 2,
    'rdivScalar': lambda x: 2 / x,
    **{f'pow({p})': lambda x, p=p: x ** p for p in (0, 0.5, 1, 2, 3, -0.5, -1, -2, 1.5)},
    **{f'rpow({b})': lambda x, b=b: b ** x for b in (0, 0.5, 1, 2)},
    **{name: getattr(F, name) for name in 'relu6 selu silu mish softplus softsign hardtanh hardsigmoid hardswish'.split()},
    'elu': F.elu,
    'elu(2)': lambda x: F.elu(x, alpha=2),
    'celu(2)': lambda x: F.celu(x, alpha=2),
    'gelu': F.gelu,
    'geluTanh': lambda x: F.gelu(x, approximate='tanh'),
    'leakyRelu': F.leaky_relu,
    'leakyRelu(0)': lambda x: F.leaky_relu(x, 0.0),
    'leakyRelu(2)': lambda x: F.leaky_relu(x, 2.0),
    'softplus(2)': lambda x: F.softplus(x, beta=2, threshold=5),
    'hardtanh(-2,3)': lambda x: F.hardtanh(x, -2, 3),
}
BINARY = {
    'add': torch.add, 'sub': torch.sub, 'mul': torch.mul, 'div': torch.div, 'pow': torch.pow,
    'maximum': torch.maximum, 'minimum': torch.minimum,
    'clampMin': lambda x, y: x.clamp(min=y),
    'clampMax': lambda x, y: x.clamp(max=y),
    'where': lambda x, y: torch.where(x > y, x, y),
    'prelu': lambda x, y: torch.stack([F.prelu(a, b) for a, b in zip(x, y)]),
    **{name: lambda x, y, f=f: f(x, y, reduction='none') for name, f in {
        'mseLoss': F.mse_loss, 'l1Loss': F.l1_loss, 'smoothL1Loss': F.smooth_l1_loss, 'huberLoss': F.huber_loss,
        'klDiv': F.kl_div, 'klDivLog': lambda x, y, reduction: F.kl_div(x, y, reduction=reduction, log_target=True),
        'binaryCrossEntropyWithLogits': F.binary_cross_entropy_with_logits,
    }.items()},
}
SHARES = {'binaryCrossEntropy': lambda x, y: F.binary_cross_entropy(x, y, reduction='none')}
TERNARY = {'clamp': lambda x, low, high: x.clamp(low, high)}
# Reductions of rows.
ROWS = [
    [1, 1, 1], [0, 0, 0], [2, 2, 1], [-1, 1, 0], [INF, 1, 2], [-INF, 1, 2], [INF, INF, 1], [-INF, -INF, -INF], [INF, -INF, 0],
    [NAN, 1, 2], [1, NAN, NAN], [0, 2, 3], [0, 0, 3], [1e30, 1e30, 1],
]
REDUCTIONS = {
    'sum': lambda x: x.sum(), 'mean': lambda x: x.mean(), 'prod': lambda x: x.prod(),
    'max': lambda x: x.max(), 'min': lambda x: x.min(),
    'maxDim': lambda x: x.max(0).values, 'minDim': lambda x: x.min(0).values,
    'variance': lambda x: x.var(), 'variance(3)': lambda x: x.var(correction=3), 'variance(5)': lambda x: x.var(correction=5),
    'std': lambda x: x.std(), 'std(5)': lambda x: x.std(correction=5),
    **{f'norm({p})': lambda x, p=p: torch.linalg.vector_norm(x, p) for p in (0, 0.5, 1, 2, 3, INF, -INF)},
    'logsumexp': lambda x: x.logsumexp(0), 'softmax': lambda x: x.softmax(0), 'logSoftmax': lambda x: x.log_softmax(0),
    'cumsum': lambda x: x.cumsum(0), 'sort': lambda x: x.sort(stable=True).values,
}


def encode(values):
    text = {INF: 'inf', -INF: '-inf'}
    return [text.get(v, 'nan' if math.isnan(v) else v) for v in values]


def line(kind, name, fn, lists):
    inputs = [torch.tensor(values, dtype=torch.float32, requires_grad=True) for values in lists]
    output = fn(*inputs)
    # Gradients of 2, so that a missing one is noticed.
    gradients = torch.autograd.grad(output, inputs, torch.full_like(output, 2), allow_unused=True) if output.requires_grad else []
    return json.dumps({
        'kind': kind, 'name': name, 'inputs': [encode(values) for values in lists], 'output': encode(output.reshape(-1).tolist()),
        'gradients': [None if g is None else encode(g.tolist()) for g in gradients],
    }, separators=(',', ':'))


def generate():
    pairs = [[a for a in PAIR for _ in PAIR], PAIR * len(PAIR)]
    shares = [[a for a in SHARE for _ in SHARE], SHARE * len(SHARE)]
    few = [-INF, 0.0, 1, INF, NAN]
    triples = [[a for a in few for _ in few for _ in few], [b for _ in few for b in few for _ in few], few * len(few) ** 2]
    lines = [line('unary', name, fn, [ONE]) for name, fn in UNARY.items()]
    lines += [line('binary', name, fn, pairs) for name, fn in BINARY.items()]
    lines += [line('binary', name, fn, shares) for name, fn in SHARES.items()]
    lines += [line('ternary', name, fn, triples) for name, fn in TERNARY.items()]
    lines += [line('row', name, fn, [row]) for name, fn in REDUCTIONS.items() for row in ROWS]
    with open(os.path.join(HERE, 'edges.jsonl'), 'w', encoding='utf-8') as file:
        file.write('\n'.join(lines) + '\n')


if __name__ == '__main__':
    generate()
