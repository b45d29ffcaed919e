"""Convolutions: results, gradients and second gradients over a grid of geometries."""
import torch
import torch.nn.functional as F

from fixture import In, Suite


def options(**given):
    return {name: value for name, value in given.items() if value is not None}


def conv2d(s, name, x, w, bias=True, double=False, stride=None, padding=None, dilation=None, groups=None):
    js = options(stride=stride, padding=padding, dilation=dilation, groups=groups)
    kw = {key: tuple(v) if isinstance(v, list) else v for key, v in js.items()}
    args = [In(s.normal(*x)), In(s.normal(*w))] + ([In(s.normal(w[0]))] if bias else [None])
    f = (lambda i, k, b: F.conv2d(i, k, b, **kw)) if bias else (lambda i, k: F.conv2d(i, k, None, **kw))
    s.case(f'conv2d {name}', 'F.conv2d', args + [js], f, double=double)


def transpose2d(s, name, x, w, bias=True, double=False, groups=1, **js):
    kw = {key: tuple(v) if isinstance(v, list) else v for key, v in js.items()}
    kw = {('output_padding' if key == 'outputPadding' else key): v for key, v in kw.items()}
    args = [In(s.normal(*x)), In(s.normal(*w))] + ([In(s.normal(w[1] * groups))] if bias else [None])
    js = dict(js, groups=groups) if groups > 1 else js
    f = (lambda i, k, b: F.conv_transpose2d(i, k, b, groups=groups, **kw)) if bias else (
        lambda i, k: F.conv_transpose2d(i, k, None, groups=groups, **kw))
    s.case(f'convTranspose2d {name}', 'F.convTranspose2d', args + [js], f, double=double)


def generate():
    s = Suite('conv', 7)
    conv2d(s, '1×1 image', (1, 1, 1, 1), (1, 1, 1, 1), double=True)
    conv2d(s, '3×3', (1, 2, 5, 6), (3, 2, 3, 3), double=True)
    conv2d(s, 'without bias', (2, 2, 4, 5), (3, 2, 2, 3), bias=False)
    for size in (1, 2, 3, 7, 8, 13, 17):
        conv2d(s, f'same of {size}', (1, 1, size, size), (2, 1, 3, 3), padding='same')
    conv2d(s, 'same of an even kernel', (1, 2, 6, 7), (2, 2, 4, 2), padding='same')
    conv2d(s, 'same, dilated', (1, 1, 7, 6), (2, 1, 2, 3), padding='same', dilation=[3, 2])
    conv2d(s, 'valid', (1, 1, 4, 4), (1, 1, 3, 2), padding='valid')
    for stride in (2, 3, [1, 2]):
        for padding in (0, 1, [2, 0]):
            conv2d(s, f'stride {stride}, padding {padding}', (1, 2, 9, 8), (2, 2, 3, 3), stride=stride, padding=padding,
                   double=stride == 2 and padding == 1)
    conv2d(s, 'dilation 2, stride 2', (1, 2, 9, 10), (2, 2, 3, 3), stride=2, dilation=2, padding=2, double=True)
    conv2d(s, 'dilation [1, 3]', (3, 1, 5, 11), (2, 1, 3, 3), dilation=[1, 3], padding=[1, 2])
    conv2d(s, 'stride beyond the kernel', (1, 2, 9, 10), (2, 2, 2, 1), stride=[3, 4])
    conv2d(s, 'kernel as large as the image', (3, 2, 3, 4), (2, 2, 3, 4), double=True)
    conv2d(s, '1×1', (3, 5, 4, 3), (4, 5, 1, 1), double=True)
    conv2d(s, '1×1, stride 2', (1, 3, 5, 5), (2, 3, 1, 1), stride=2)
    conv2d(s, 'two groups', (3, 4, 4, 3), (4, 2, 3, 3), groups=2, padding=1, double=True)
    conv2d(s, 'depthwise', (1, 3, 4, 13), (3, 1, 3, 3), groups=3, padding=1)
    conv2d(s, 'depthwise, two filters each, stride 2', (1, 3, 7, 12), (6, 1, 3, 3), groups=3, padding=1, stride=2,
           double=True)
    conv2d(s, '17 channels', (1, 17, 3, 3), (3, 17, 3, 3), padding=1)
    s.case('conv2d of a transposed tensor', 'F.conv2d', [In(s.normal(5, 4, 2, 1), view='T'), In(s.normal(2, 2, 3, 3))],
           F.conv2d)
    for stride, padding, dilation in [(1, 0, 1), (2, 1, 1), (1, 3, 3)]:
        js = {'stride': stride, 'padding': padding, 'dilation': dilation}
        s.case(f'conv1d {js}', 'F.conv1d', [In(s.normal(3, 2, 11)), In(s.normal(3, 2, 3)), In(s.normal(3)), js],
               lambda x, w, b, js=js: F.conv1d(x, w, b, **js), double=True)
    s.case('conv1d same, groups', 'F.conv1d',
           [In(s.normal(1, 4, 9)), In(s.normal(4, 2, 4)), None, {'padding': 'same', 'groups': 2}],
           lambda x, w: F.conv1d(x, w, None, padding='same', groups=2))
    transpose2d(s, 'stride 1', (1, 2, 4, 5), (2, 3, 3, 3), double=True)
    transpose2d(s, 'stride 2', (3, 2, 2, 3), (2, 2, 4, 4), stride=2, padding=1, double=True)
    transpose2d(s, 'outputPadding', (1, 2, 3, 4), (2, 2, 3, 3), stride=[2, 3], padding=1, outputPadding=[1, 2], double=True)
    transpose2d(s, 'dilation', (1, 2, 3, 4), (2, 1, 3, 2), stride=2, dilation=[3, 2], padding=[2, 0], outputPadding=1)
    transpose2d(s, 'stride beyond the kernel', (1, 2, 3, 3), (2, 2, 2, 2), stride=3)
    transpose2d(s, 'groups, without bias', (1, 4, 3, 3), (4, 2, 3, 3), bias=False, groups=2, stride=2, double=True)
    transpose2d(s, 'depthwise', (1, 3, 4, 5), (3, 1, 3, 3), groups=3, stride=2, padding=1)
    s.write()
