"""Pooling, resizing and padding."""
import numpy as np
import torch
import torch.nn.functional as F

from fixture import In, Suite

MAX = [
    # input, kernel, options
    ((2, 3, 8, 12), 2, {}), ((1, 2, 9, 13), 2, {}), ((1, 2, 9, 13), 2, {'ceilMode': True}), ((2, 1, 11, 17), 3, {'stride': 2}),
    ((1, 2, 11, 17), 3, {'stride': 2, 'padding': 1}), ((1, 1, 7, 19), 3, {'stride': 1, 'padding': 1}),
    ((1, 1, 10, 14), [3, 2], {'stride': [1, 3], 'padding': [1, 0]}), ((1, 1, 13, 15), 3, {'dilation': 2, 'stride': 1}),
    ((1, 2, 13, 15), [2, 3], {'dilation': [3, 2], 'stride': 2, 'padding': [1, 1]}), ((3, 10, 10), 4, {'stride': 3, 'ceilMode': True}),
    ((1, 1, 6, 5), 3, {'stride': 3, 'padding': 1, 'ceilMode': True}), ((1, 1, 1, 1), 1, {}), ((1, 1, 5, 4), [5, 4], {}),
    ((2, 2, 3, 3), 2, {'stride': 5, 'padding': 1, 'ceilMode': True}), ((1, 1, 8, 40), 2, {'stride': 2, 'padding': 1}),
]
AVG = [
    ((2, 3, 8, 12), 2, {}), ((1, 2, 9, 13), 2, {'ceilMode': True}), ((1, 2, 11, 17), 3, {'stride': 2, 'padding': 1}),
    ((1, 2, 11, 17), 3, {'stride': 2, 'padding': 1, 'countIncludePad': False}),
    ((1, 1, 10, 14), [3, 2], {'stride': [1, 3], 'padding': [1, 0]}), ((1, 1, 6, 5), 3, {'stride': 3, 'padding': 1, 'ceilMode': True}),
    ((1, 1, 6, 5), 3, {'stride': 3, 'padding': 1, 'ceilMode': True, 'countIncludePad': False}),
    ((3, 10, 10), 4, {'stride': 3, 'ceilMode': True}), ((1, 1, 7, 19), 3, {'stride': 1, 'padding': 1}),
]
NAMES = {'ceilMode': 'ceil_mode', 'countIncludePad': 'count_include_pad', 'returnIndices': 'return_indices',
         'scaleFactor': 'scale_factor', 'alignCorners': 'align_corners'}


def keywords(options):
    return {NAMES.get(k, k): tuple(v) if isinstance(v, list) else v for k, v in options.items()}


def show(shape, *args):
    return f'{list(shape)}, ' + ', '.join(map(str, args))


def pools(s):
    for shape, kernel, options in MAX:
        kw = keywords(options)
        s.case(f'maxPool2d {show(shape, kernel, options)}', 'F.maxPool2d', [In(s.normal(*shape)), kernel, options],
               lambda x, k=kernel, kw=kw: F.max_pool2d(x, k, **kw))
        s.case(f'maxPool2d with indices {show(shape, kernel, options)}', 'F.maxPool2d',
               [In(s.normal(*shape)), kernel, {**options, 'returnIndices': True}],
               lambda x, k=kernel, kw=kw: [t if t.is_floating_point() else t.int() for t in
                                           F.max_pool2d(x, k, return_indices=True, **kw)])
    x = np.array([[0, 1, 1, 0, np.nan, 2], [1, 0, 0, -np.inf, 3, np.nan], [-np.inf] * 6, [-np.inf] * 6] * 2)[None, None]
    for options in ({}, {'stride': 1}, {'stride': 1, 'padding': 1}):
        s.case(f'maxPool2d of ties, NaN and -inf, {options}', 'F.maxPool2d', [In(x), 2, {**options, 'returnIndices': True}],
               lambda x, kw=options: [t if t.is_floating_point() else t.int() for t in
                                      F.max_pool2d(x, 2, return_indices=True, **kw)], grad=False)
        s.case(f'maxPool2d of ties, NaN and -inf without indices, {options}', 'F.maxPool2d', [In(x, grad=False), 2, options],
               lambda x, kw=options: F.max_pool2d(x, 2, **kw))
    s.case('maxPool2d of a transposed input', 'F.maxPool2d', [In(s.normal(9, 8, 3, 2), view='T'), 2, {}],
           lambda x: F.max_pool2d(x, 2))
    for shape, kernel, options in AVG:
        s.case(f'avgPool2d {show(shape, kernel, options)}', 'F.avgPool2d', [In(s.normal(*shape)), kernel, options],
               lambda x, k=kernel, kw=keywords(options): F.avg_pool2d(x, k, **kw), double=False)
    s.case('avgPool2d of a stretched input', 'F.avgPool2d', [In(s.normal(3, 7, 7), view='expand'), 3, {}],
           lambda x: F.avg_pool2d(x, 3))
    for shape, kernel, options in [((2, 3, 17), 3, {'stride': 2, 'padding': 1}), ((3, 12), 2, {}), ((1, 1, 9), 2, {'ceilMode': True})]:
        s.case(f'maxPool1d {show(shape, kernel, options)}', 'F.maxPool1d', [In(s.normal(*shape)), kernel, options],
               lambda x, k=kernel, kw=keywords(options): F.max_pool1d(x, k, **kw))
        s.case(f'maxPool1d with indices {show(shape, kernel, options)}', 'F.maxPool1d',
               [In(s.normal(*shape)), kernel, {**options, 'returnIndices': True}],
               lambda x, k=kernel, kw=keywords(options): [t if t.is_floating_point() else t.int() for t in
                                                          F.max_pool1d(x, k, return_indices=True, **kw)])
        s.case(f'avgPool1d {show(shape, kernel, options)}', 'F.avgPool1d', [In(s.normal(*shape)), kernel, options],
               lambda x, k=kernel, kw=keywords(options): F.avg_pool1d(x, k, **kw))
    for shape, size in [((2, 3, 8, 12), 1), ((2, 3, 7, 5), 1), ((1, 2, 8, 12), [4, 3]), ((1, 2, 7, 11), [3, 4]), ((2, 5, 3), [7, 5]),
                        ((1, 2, 6, 7), [None, 2])]:
        torch_size = tuple(size) if isinstance(size, list) else size
        s.case(f'adaptiveAvgPool2d {show(shape, size)}', 'F.adaptiveAvgPool2d', [In(s.normal(*shape)), size],
               lambda x, k=torch_size: F.adaptive_avg_pool2d(x, k))
        s.case(f'adaptiveMaxPool2d {show(shape, size)}', 'F.adaptiveMaxPool2d',
               [In(s.normal(*shape)), size, {'returnIndices': True}],
               lambda x, k=torch_size: [t if t.is_floating_point() else t.int() for t in
                                        F.adaptive_max_pool2d(x, k, return_indices=True)])
    for shape, size in [((2, 3, 11), 4), ((3, 12), 3), ((1, 1, 5), 1)]:
        s.case(f'adaptiveAvgPool1d {show(shape, size)}', 'F.adaptiveAvgPool1d', [In(s.normal(*shape)), size],
               lambda x, k=size: F.adaptive_avg_pool1d(x, k))


def resizes(s):
    for shape, options in [
        ((2, 2, 3, 5), {'scaleFactor': 2}), ((1, 2, 4, 5), {'size': [7, 3]}), ((1, 1, 5, 5), {'scaleFactor': 1.5}),
        ((1, 1, 4, 7), {'scaleFactor': [0.6, 1.1]}), ((1, 1, 9, 8), {'size': 5}), ((1, 1, 3, 4), {'size': [3, 4]}),
    ]:
        kw = keywords(options)
        if isinstance(options.get('scaleFactor'), (int, float)):
            kw['scale_factor'] = float(options['scaleFactor'])
        label = show(shape, options)
        s.case(f'interpolate {label}', 'F.interpolate', [In(s.normal(*shape)), options],
               lambda x, kw=kw: F.interpolate(x, **kw))
        for corners in (False, True):
            s.case(f'interpolate bilinear {label}, {corners}', 'F.interpolate',
                   [In(s.normal(*shape)), {**options, 'mode': 'bilinear', 'alignCorners': corners}],
                   lambda x, kw=kw, c=corners: F.interpolate(x, mode='bilinear', align_corners=c, **kw))
    s.case('interpolate to one element with corners', 'F.interpolate',
           [In(s.normal(1, 1, 4, 5)), {'size': 1, 'mode': 'bilinear', 'alignCorners': True}],
           lambda x: F.interpolate(x, size=1, mode='bilinear', align_corners=True))


def pads(s):
    for shape, amounts in [((3,), [2, 1]), ((2, 3), [1, 2, 3, 0]), ((2, 3, 4), [0, 1, 2, 1, 1, 1]), ((2, 5), [-1, 2]),
                           ((3, 5), [-2, -1, 1, -1]), ((0, 3), [1, 1, 2, 0]), ((2, 3), [])]:
        for fn in ('pad', 'F.pad'):
            s.case(f'{fn} {show(shape, amounts)}', fn, [In(s.normal(*shape)), amounts, {'value': 0.5}],
                   lambda x, a=amounts: F.pad(x, a, value=0.5))
    s.case('pad of int32', 'pad', [In([[1, 2]], 'int32'), [1, 1], {'value': 7}], lambda x: F.pad(x, [1, 1], value=7))
    s.case('pad of a transposed tensor', 'pad', [In(s.normal(3, 2), view='T'), [1, 0, 0, 1]], lambda x: F.pad(x, [1, 0, 0, 1]))
    s.case('pad with -inf', 'pad', [In(s.normal(2)), [1, 1], {'value': -np.inf}], lambda x: F.pad(x, [1, 1], value=-np.inf))
    for mode in ('reflect', 'replicate'):
        for shape, amounts in [((1, 1, 4, 5), [1, 3, 2, 0]), ((2, 3, 5), [4, 2])]:
            s.case(f'pad {mode} {show(shape, amounts)}', 'pad', [In(s.normal(*shape)), amounts, {'mode': mode}],
                   lambda x, a=amounts, m=mode: F.pad(x, a, mode=m))


def generate():
    s = Suite('pool', 11)
    pools(s)
    resizes(s)
    pads(s)
    s.write()
