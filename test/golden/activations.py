"""Activations with all their options; extremes and special values."""
import numpy as np
import torch
import torch.nn.functional as F

from fixture import In, Suite

EXTREMES = [0.0, -0.0, 1e-45, -1e-45, 1e-39, -1e-39, 1e-30, 0.5, -0.5, 1.0, -1.0, 3.0, -3.0, 6.0, 20.0, 20.5, -20.0, 88.0, -88.0,
            104.0, -104.0, 1e4, -1e4, np.inf, -np.inf, np.nan]

# saraf's name, options, PyTorch's function, whether second derivatives are worth a check
CASES = [
    ('identity', {}, lambda x: x * 1, False),
    ('arctan', {}, torch.atan, True),
    ('relu6', {}, F.relu6, False),
    ('leakyRelu', {}, F.leaky_relu, False),
    ('leakyRelu', {'negativeSlope': 0.3}, lambda x: F.leaky_relu(x, 0.3), False),
    ('elu', {}, F.elu, True),
    ('elu', {'alpha': 0.5}, lambda x: F.elu(x, 0.5), True),
    ('selu', {}, F.selu, True),
    ('celu', {}, F.celu, True),
    ('celu', {'alpha': 2.5}, lambda x: F.celu(x, 2.5), True),
    ('gelu', {}, F.gelu, True),
    ('gelu', {'approximate': 'tanh'}, lambda x: F.gelu(x, approximate='tanh'), True),
    ('silu', {}, F.silu, True),
    ('mish', {}, F.mish, True),
    ('softplus', {}, F.softplus, True),
    ('softplus', {'beta': 2, 'threshold': 1}, lambda x: F.softplus(x, 2, 1), True),
    ('softsign', {}, F.softsign, True),
    ('hardtanh', {}, F.hardtanh, False),
    ('hardtanh', {'minVal': -0.5, 'maxVal': 2}, lambda x: F.hardtanh(x, -0.5, 2), False),
    ('hardsigmoid', {}, F.hardsigmoid, False),
    ('hardswish', {}, F.hardswish, False),
    ('softmax', {'dim': 0}, lambda x: F.softmax(x, 0), True),
    ('logSoftmax', {'dim': 0}, lambda x: F.log_softmax(x, 0), True),
]


def generate():
    s = Suite('activations', 31)
    for name, options, f, double in CASES:
        label = name + (f' {options}' if options else '')
        args = [options] if options else []
        s.case(label, f'F.{name}', [In(s.normal(3, 5, scale=2)), *args], f, double=double)
        s.case(f'{label}, transposed', f'F.{name}', [In(s.normal(2, 3, 2, scale=2), view='T'), *args], f)
        s.case(f'{label} without elements', f'F.{name}', [In(np.zeros((2, 0))), *args], f)
        if 'oftmax' in name:
            continue
        s.case(f'{label} of extremes', f'F.{name}', [In(EXTREMES), *args], f, grad=False, elementwise=name not in ('gelu',))
        # PyTorch's gradients at −0 and at infinity depend on its code path.
        # Its gradient of hardswish at ±3 depends on the position in the array.
        finite = [x for x in EXTREMES if np.isfinite(x) and not (name == 'hardswish' and abs(x) == 3)]
        s.case(f'{label}, gradients at extremes', f'F.{name}', [In(finite), *args], f)
    s.case('binaryStep', 'F.binaryStep', [In([-1.0, 0.0, -0.0, 2.0])], lambda x: (x >= 0).float() + 0 * x.detach())
    for shape, n in [((4,), 1), ((3, 4), 1), ((3, 4), 4), ((2, 3, 4), 3), ((2, 3, 2, 2), 3)]:
        s.case(f'prelu {list(shape)}, {n}', 'F.prelu', [In(s.normal(*shape)), In(s.uniform(-0.5, 0.5, n))], F.prelu)
    s.case('prelu at 0', 'F.prelu', [In([0.0, -0.0, 1.0, -1.0]), In([0.25])], F.prelu)
    s.write()
