"""
Normalisation: functions, and layers through steps of training with their running statistics. PyTorch 1.13 has no rms_norm: it is
built from its formula in float64, and compared with PyTorch's own where there is one (2.4 and later).
"""
import numpy as np
import torch
import torch.nn.functional as F

from fixture import In, Suite, encode_array, weights


EPS = torch.finfo(torch.float32).eps


def rms_norm(x, shape, weight=None, eps=EPS):
    dims = tuple(range(-len(shape), 0))
    wide = x.double()
    y = wide / (wide.square().mean(dims, keepdim=True) + eps).sqrt()
    y = (y if weight is None else y * weight.double()).float()
    if hasattr(F, 'rms_norm'):
        assert torch.allclose(y, F.rms_norm(x, shape, weight, eps), rtol=1e-5, atol=1e-6)
        if eps == EPS:
            assert torch.allclose(y, F.rms_norm(x, shape, weight), rtol=1e-5, atol=1e-6)
    return y


def calls(s):
    def affine(*shape):
        return In(s.uniform(0.5, 1.5, *shape)), In(s.normal(*shape))

    for shape in [(6, 5), (3, 4, 7), (2, 3, 5, 4), (4, 9, 1, 1), (2, 17, 3, 3)]:
        w, b = affine(shape[1])
        x = In(s.normal(*shape, scale=2))
        label = list(shape)
        s.case(f'batchNorm in training {label}', 'F.batchNorm', [x, None, None, {'weight': w, 'bias': b, 'training': True}],
               lambda x, w, b: F.batch_norm(x, None, None, w, b, training=True), double=len(shape) < 4)
        mean, var = In(s.normal(shape[1]), grad=False), In(s.uniform(0.5, 2, shape[1]), grad=False)
        s.case(f'batchNorm by given statistics {label}', 'F.batchNorm', [x, mean, var, {'weight': w, 'bias': b}],
               lambda x, m, v, w, b: F.batch_norm(x, m, v, w, b), double=len(shape) < 4)
        s.case(f'batchNorm without weights {label}', 'F.batchNorm', [x, None, None, {'training': True, 'eps': 0.1}],
               lambda x: F.batch_norm(x, None, None, training=True, eps=0.1))
    s.case('batchNorm of a transposed input', 'F.batchNorm', [In(s.normal(3, 4, 5), view='T'), None, None, {'training': True}],
           lambda x: F.batch_norm(x, None, None, training=True))
    s.case('batchNorm, frozen weights', 'F.batchNorm',
           [In(s.normal(4, 3)), None, None, {'weight': In(s.normal(3), grad=False), 'training': True}],
           lambda x, w: F.batch_norm(x, None, None, w, training=True))
    s.case('batchNorm of a frozen input', 'F.batchNorm',
           [In(s.normal(4, 3, 2), grad=False), None, None, {'weight': In(s.normal(3)), 'bias': In(s.normal(3)), 'training': True}],
           lambda x, w, b: F.batch_norm(x, None, None, w, b, training=True))
    for shape, normalized in [((4, 7), [7]), ((2, 3, 8), [8]), ((2, 3, 5), [3, 5]), ((3, 33), [33]), ((2, 3, 4), [2, 3, 4])]:
        w, b = affine(*normalized)
        x = In(s.normal(*shape, scale=2))
        label = f'{list(shape)} to {normalized}'
        s.case(f'layerNorm {label}', 'F.layerNorm', [x, normalized, {'weight': w, 'bias': b}],
               lambda x, w, b, n=normalized: F.layer_norm(x, n, w, b), double=bool(np.prod(normalized) > 1))
        s.case(f'layerNorm without weights {label}', 'F.layerNorm', [x, normalized, {'eps': 0.01}],
               lambda x, n=normalized: F.layer_norm(x, n, eps=0.01))
    s.case('layerNorm with a weight alone', 'F.layerNorm', [In(s.normal(3, 5)), 5, {'weight': In(s.normal(5))}],
           lambda x, w: F.layer_norm(x, [5], w))
    s.case('layerNorm with a bias alone', 'F.layerNorm', [In(s.normal(3, 5)), 5, {'bias': In(s.normal(5))}],
           lambda x, b: F.layer_norm(x, [5], None, b))
    for shape, groups in [((2, 6, 3, 3), 2), ((3, 10), 2), ((2, 8, 5), 8), ((2, 5, 7), 1), ((2, 12), 3), ((2, 9, 2, 2), 3)]:
        w, b = affine(shape[1])
        s.case(f'groupNorm {list(shape)} in {groups}', 'F.groupNorm', [In(s.normal(*shape, scale=2)), groups, {'weight': w, 'bias': b}],
               lambda x, w, b, n=groups: F.group_norm(x, n, w, b), double=len(shape) < 4)
    s.case('groupNorm without weights', 'F.groupNorm', [In(s.normal(2, 4, 3)), 2], lambda x: F.group_norm(x, 2))
    for shape in [(2, 3, 4, 5), (1, 2, 7, 1)]:
        w, b = affine(shape[1])
        s.case(f'instanceNorm {list(shape)}', 'F.instanceNorm', [In(s.normal(*shape)), {'weight': w, 'bias': b}],
               lambda x, w, b: F.instance_norm(x, weight=w, bias=b), double=True)
    for shape, normalized in [((4, 7), [7]), ((2, 3, 8), [8]), ((2, 3, 5), [3, 5]), ((3, 33), [33]), ((2, 3, 4), [2, 3, 4])]:
        x = In(s.normal(*shape, scale=2))
        label = f'{list(shape)} to {normalized}'
        s.case(f'rmsNorm {label}', 'F.rmsNorm', [x, normalized, {'weight': In(s.normal(*normalized))}],
               lambda x, w, n=normalized: rms_norm(x, n, w), double=True)
        s.case(f'rmsNorm without weights {label}', 'F.rmsNorm', [x, normalized, {'eps': 0.01}],
               lambda x, n=normalized: rms_norm(x, n, eps=0.01), double=True)
    s.case('rmsNorm of a transposed input', 'F.rmsNorm', [In(s.normal(3, 4, 5), view='T'), 3, {'weight': In(s.normal(3)), 'eps': None}],
           lambda x, w: rms_norm(x, [3], w))
    s.case('rmsNorm, frozen weights', 'F.rmsNorm', [In(s.normal(4, 6)), 6, {'weight': In(s.normal(6), grad=False)}],
           lambda x, w: rms_norm(x, [6], w))
    s.case('rmsNorm of a frozen input', 'F.rmsNorm', [In(s.normal(4, 6), grad=False), 6, {'weight': In(s.normal(6))}],
           lambda x, w: rms_norm(x, [6], w))


LAYERS = {
    'BatchNorm1d': torch.nn.BatchNorm1d, 'BatchNorm2d': torch.nn.BatchNorm2d, 'InstanceNorm2d': torch.nn.InstanceNorm2d,
}


def layers():
    """Five steps of training, then one of evaluation: output, gradients, buffers."""
    s = Suite('normLayers', 13)

    def case(name, channels, shapes, options):
        kw = {'trackRunningStats': 'track_running_stats'}
        layer = LAYERS[name](channels, **{kw.get(k, k): v for k, v in options.items()})
        with torch.no_grad():
            for p in layer.parameters():
                p.copy_(torch.from_numpy(s.normal(*p.shape)))
        entry = {'name': f'{name} {shapes[0]} {options}', 'layer': name, 'channels': channels, 'options': options,
                 'state': {k: encode_array(v.int() if v.dtype == torch.int64 else v) for k, v in layer.state_dict().items()},
                 'steps': []}
        for i, shape in enumerate(shapes + [shapes[0]]):
            layer.train(i < len(shapes))
            x = torch.from_numpy(s.normal(*shape, scale=2) + np.float32(0.5 * i)).requires_grad_()
            layer.zero_grad()
            y = layer(x)
            (y * weights(tuple(y.shape))).sum().backward()
            entry['steps'].append({
                'training': i < len(shapes), 'x': encode_array(x), 'output': encode_array(y), 'upstream': encode_array(weights(tuple(y.shape))),
                'inputGradient': encode_array(x.grad),
                'gradients': {k: encode_array(p.grad.clone()) for k, p in layer.named_parameters()},
                'state': {k: encode_array(v.int() if v.dtype == torch.int64 else v.clone()) for k, v in layer.state_dict().items()}})
        s.add(entry)

    planes = [(3, 5, 3, 4), (2, 5, 3, 3), (4, 5, 1, 1), (2, 5, 2, 5), (3, 5, 2, 2)]
    for options in ({}, {'momentum': None}, {'momentum': 0.3, 'eps': 0.01}, {'affine': False}, {'trackRunningStats': False}):
        case('BatchNorm2d', 5, planes, options)
    case('BatchNorm1d', 3, [(4, 3), (6, 3), (5, 3), (7, 3), (5, 3)], {})
    case('BatchNorm1d', 3, [(4, 3, 2), (2, 3, 5), (5, 3, 1), (2, 3, 3), (1, 3, 4)], {'momentum': None})
    case('InstanceNorm2d', 5, [(3, 5, 3, 4), (2, 5, 3, 3), (2, 5, 2, 5)], {})
    case('InstanceNorm2d', 5, [(3, 5, 3, 4), (2, 5, 3, 3), (2, 5, 2, 5)], {'affine': True, 'trackRunningStats': True})
    s.write()


def generate():
    s = Suite('norm', 12)
    calls(s)
    s.write()
    layers()
