"""Products, reductions, changes of shape, softmax."""
import numpy as np
import torch

from fixture import In, Suite

INF = float('inf')


def text(shape):
    return '[' + ','.join(map(str, shape)) + ']'


def products(s):
    pairs = [
        ((4,), (4,)), ((3, 4), (4,)), ((4,), (4, 3)), ((3, 4), (4, 5)), ((1, 1), (1, 1)), ((2, 3, 4), (4, 5)),
        ((3, 4), (2, 4, 5)), ((2, 3, 4), (2, 4, 5)), ((2, 1, 3, 4), (5, 4, 2)), ((2, 3, 4), (4,)), ((4,), (2, 4, 3)),
        ((2, 2, 3, 4), (2, 2, 4, 1)), ((1, 3, 4), (3, 4, 2)), ((3, 1, 2, 2), (1, 2, 2, 3)), ((9, 17), (17, 11)),
    ]
    for a, b in pairs:
        s.case(f'matmul {text(a)} and {text(b)}', 'matmul', [In(s.normal(*a)), In(s.normal(*b))], torch.matmul,
               double=True)
    for a, b in [((3, 0), (0, 2)), ((0, 3), (3, 2)), ((2, 3), (3, 0)), ((0, 2, 3), (3, 2))]:
        s.case(f'matmul without elements {text(a)} and {text(b)}', 'matmul', [In(s.normal(*a)), In(s.normal(*b))],
               torch.matmul)
    for va, vb in [('T', None), (None, 'T'), ('T', 'T')]:
        a = s.normal(*((4, 3) if va else (3, 4)))
        b = s.normal(*((5, 4) if vb else (4, 5)))
        s.case(f'matmul transposed {va} {vb}', 'matmul', [In(a, view=va), In(b, view=vb)], torch.matmul, double=True)
    s.case('matmul of transposed batches', 'matmul', [In(s.normal(4, 3, 2), view='T'), In(s.normal(2, 4, 3))],
           torch.matmul)
    s.case('matmul of stepped columns', 'matmul', [In(s.normal(3, 8), view='step'), In(s.normal(4, 5), view='step')],
           torch.matmul)
    s.case('matmul of a stretched batch', 'matmul', [In(s.normal(3, 4), view='expand'), In(s.normal(2, 4, 3))],
           torch.matmul)
    s.case('matmul of a transposed tensor and a vector', 'matmul', [In(s.normal(4, 3), view='T'), In(s.normal(4))],
           torch.matmul)
    s.case('matmul of one tensor with itself', 'matmul', [x := In(s.normal(3, 3)), x], lambda t: t @ t, double=True)
    s.case('matmul with Inf and NaN', 'matmul', [In([[1, INF], [2, 3]]), In([[1, 2], [np.nan, 1]])], torch.matmul,
           grad=False)
    s.case('bmm', 'bmm', [In(s.normal(3, 2, 4)), In(s.normal(3, 4, 2))], torch.bmm, double=True)
    s.case('bmm transposed', 'bmm', [In(s.normal(4, 2, 3), view='T'), In(s.normal(5, 4, 3), view='T')], torch.bmm)
    s.case('dot', 'dot', [In(s.normal(7)), In(s.normal(7))], torch.dot, double=True)
    s.case('outer', 'outer', [In(s.normal(3)), In(s.normal(4))], torch.outer, double=True)


DIMS = [None, 0, 1, -1, [0, 2], [1, 2], [0, 1, 2]]


def prod(x, dim, keepdim):
    dims = [dim] if isinstance(dim, int) else list(dim)
    for d in sorted((d % x.ndim for d in dims), reverse=True):
        x = x.prod(d, keepdim=keepdim)
    return x


REDUCTIONS = {
    'sum': lambda x, d, k: torch.sum(x, d, keepdim=k),
    'mean': lambda x, d, k: torch.mean(x, d, keepdim=k),
    'prod': prod,
    'variance': lambda x, d, k: torch.var(x, d, unbiased=True, keepdim=k),
    'std': lambda x, d, k: torch.std(x, d, unbiased=True, keepdim=k),
    'norm': lambda x, d, k: torch.norm(x, 2, d, keepdim=k),
    'logsumexp': lambda x, d, k: torch.logsumexp(x, d, keepdim=k),
}


def reductions(s):
    for name, f in REDUCTIONS.items():
        for dim in DIMS:
            if dim is None and name == 'logsumexp':
                continue
            every = tuple(range(3)) if dim is None else dim
            # Not around 0, where rounding errors would dominate the sums.
            args = [In(s.normal(2, 3, 4, scale=1.5) + np.float32(0.5))] + ([] if dim is None else [dim])
            # The second derivative of the std of two numbers is 0 except for rounding.
            double = name not in ('sum', 'mean') and not (name == 'std' and dim == 0)
            s.case(f'{name} over {dim}', name, args, lambda x, f=f, d=every: f(x, d, False), double=double)
            if dim is not None:
                s.case(f'{name} over {dim}, keepdim', name, [In(s.normal(2, 3, 4)), dim, {'keepdim': True}],
                       lambda x, f=f, d=dim: f(x, d, True))
        s.case(f'{name} of a transposed tensor over 1', name, [In(s.normal(2, 3, 4), view='T'), 1],
               lambda x, f=f: f(x, 1, False))
        s.case(f'{name} of a transposed tensor over 0 and 2', name, [In(s.normal(2, 3, 4), view='T'), [0, 2]],
               lambda x, f=f: f(x, (0, 2), False))
        s.case(f'{name} of stepped columns over 1', name, [In(s.normal(3, 8), view='step'), 1],
               lambda x, f=f: f(x, 1, False))
        s.case(f'{name} of a stretched tensor over 0', name, [In(s.normal(3), view='expand'), 0],
               lambda x, f=f: f(x, 0, False))
        s.case(f'{name} along 130 elements', name, [In(s.normal(2, 130, scale=0.3) + np.float32(1 if name == 'prod' else 0)), 1],
               lambda x, f=f: f(x, 1, False))
        if name == 'prod':
            s.case('prod of a tensor without dimensions', name, [In(1.5)], torch.prod)
        elif name not in ('logsumexp', 'variance', 'std'):
            s.case(f'{name} of a tensor without dimensions', name, [In(1.5)], lambda x, n=name: getattr(torch, n)(x))
    for name in ('sum', 'prod'):
        f = getattr(torch, name)
        s.case(f'{name} of nothing', name, [In(np.zeros((0, 3)))], f)
        s.case(f'{name} of nothing over 0', name, [In(np.zeros((0, 3))), 0], lambda x, f=f: f(x, 0))
        s.case(f'{name} of int32 over 1', name, [In(s.whole(-4, 5, 3, 4), 'int32'), 1], lambda x, f=f: f(x, 1))
        s.case(f'{name} of bool', name, [In([[True, False], [True, True]], 'bool'), 0], lambda x, f=f: f(x, 0))
    s.case('mean of nothing', 'mean', [In(np.zeros((0,)))], torch.mean)
    for name in ('sum', 'mean'):
        f = getattr(torch, name)
        s.case(f'{name} with Inf and NaN', name, [In([[1, INF], [INF, -INF], [np.nan, 1]]), 1],
               lambda x, f=f: f(x, 1), grad=False)
    rows = [[0.0, 2, 3], [0.0, 0, 3], [0.0, 0, 0], [1.5, -2, 3]]
    s.case('prod of rows with 0, 1, 2 and 3 zeros', 'prod', [In(rows), 1], lambda x: x.prod(1))
    for zeros in range(3):
        x = np.array([2.0, -3.0, 0.5, 1.5])
        x[:zeros] = 0
        s.case(f'prod of everything with {zeros} zeros', 'prod', [In(x)], torch.prod)
    for correction in (0, 1):
        for name, f in [('variance', torch.var), ('std', torch.std)]:
            for dim in (0, 1):
                s.case(f'{name} with correction {correction} over {dim}', name,
                       [In(s.normal(3, 4)), dim, {'correction': correction}],
                       lambda x, f=f, d=dim, c=correction: f(x, d, unbiased=c == 1), double=True)
            s.case(f'{name} of one element with correction {correction}', name,
                   [In([[1.5], [2.5]]), 1, {'correction': correction}],
                   lambda x, f=f, c=correction: f(x, 1, unbiased=c == 1), grad=False)
    s.case('variance of one element', 'variance', [In([3.0])], torch.var, grad=False)
    s.case('std of equal elements', 'std', [In([[2.0, 2, 2], [1, 2, 3]]), 1], lambda x: x.std(1))
    norms(s)
    s.case('logsumexp of large numbers', 'logsumexp', [In([[1e4, 1e4 - 1], [-1e4, -1e4], [88, -88]]), 1],
           lambda x: x.double().logsumexp(1).float())
    s.case('logsumexp of infinite numbers', 'logsumexp',
           [In([[-INF, -INF], [INF, 1], [-INF, 2], [INF, -INF], [np.nan, 1]]), 1], lambda x: x.logsumexp(1), grad=False)
    s.case('logsumexp with one infinite number', 'logsumexp', [In([[-INF, 1.0, 2.0]]), 1], lambda x: x.logsumexp(1))
    for dim in (0, 1, -1):
        s.case(f'cumsum along {dim}', 'cumsum', [In(s.normal(3, 4, 2)), dim], lambda x, d=dim: x.cumsum(d))
    s.case('cumsum of a transposed tensor', 'cumsum', [In(s.normal(3, 4), view='T'), 0], lambda x: x.cumsum(0))
    s.case('cumsum of int32', 'cumsum', [In([[1, 2, 3], [-4, 5, 6]], 'int32'), 1], lambda x: x.cumsum(1))
    s.case('cumsum of bool', 'cumsum', [In([True, False, True], 'bool'), 0], lambda x: x.cumsum(0))
    s.case('cumsum along 70 elements', 'cumsum', [In(s.normal(70)), 0], lambda x: x.cumsum(0))


def norms(s):
    for p in (0, 1, 2, 3, 0.5, 1.5, INF, -INF):
        for dim in (None, 0, [0, 2]):
            x = s.normal(2, 3, 4)
            d = (0, 1, 2) if dim is None else dim
            s.case(f'norm {p} over {dim}', 'norm', [In(x), dim, {'p': p}],
                   lambda t, p=p, d=d: torch.norm(t, p, d))
        s.case(f'norm {p} over 1, keepdim', 'norm', [In(s.normal(3, 4)), 1, {'p': p, 'keepdim': True}],
               lambda t, p=p: torch.norm(t, p, 1, keepdim=True))
    for p in (1, 2, 3, INF):
        s.case(f'norm {p} of a row of zeros', 'norm', [In([[0.0, 0, 0], [1, -2, 0]]), 1, {'p': p}],
               lambda t, p=p: torch.norm(t, p, 1))
    s.case('norm 0.5 with zeros', 'norm', [In([[0.0, -4, 1], [0, 0, 0]]), 1, {'p': 0.5}], lambda t: torch.norm(t, 0.5, 1))
    for p in (-1, -2):
        s.case(f'norm {p}', 'norm', [In(s.normal(3, 4)), 1, {'p': p}], lambda t, p=p: torch.norm(t, p, 1))
    s.case('norm inf at ties', 'norm', [In([[2.0, -2, 1], [1, 1, 1]]), 1, {'p': INF}], lambda t: torch.norm(t, INF, 1))
    s.case('norm -inf at ties', 'norm', [In([[2.0, -2, 3], [1, 1, 1]]), 1, {'p': -INF}],
           lambda t: torch.norm(t, -INF, 1))


def extremes(s):
    tied = [[3.0, 1, 3], [2, 2, 2], [-1, 0, -1]]
    for name in ('max', 'min'):
        f = getattr(torch, name)
        s.case(f'{name} of everything', name, [In(s.normal(3, 4))], f)
        s.case(f'{name} of everything at ties', name, [In(tied)], f)
        s.case(f'{name} of a transposed tensor', name, [In(s.normal(3, 4), view='T')], f)
        s.case(f'{name} of stepped columns', name, [In(s.normal(3, 8), view='step')], f)
        s.case(f'{name} of a tensor without dimensions', name, [In(2.5)], f)
        s.case(f'{name} of int32', name, [In(s.whole(-9, 9, 3, 4), 'int32')], f)
        s.case(f'{name} with NaN', name, [In([1.0, np.nan, INF])], f, grad=False)
        s.case(f'{name} of infinite numbers', name, [In([INF, -INF, 3e38, -3e38])], f)
        for dim in (0, 1, -1):
            s.case(f'{name} along {dim}', name, [In(s.normal(2, 3, 4)), dim], lambda x, f=f, d=dim: f(x, d))
            s.case(f'{name} along {dim}, keepdim', name, [In(s.normal(2, 3, 4)), dim, {'keepdim': True}],
                   lambda x, f=f, d=dim: f(x, d, keepdim=True))
        s.case(f'{name} along 1 at ties', name, [In(tied), 1], lambda x, f=f: f(x, 1))
        s.case(f'{name} along 0 at ties', name, [In(tied), 0], lambda x, f=f: f(x, 0))
        s.case(f'{name} along a transposed tensor', name, [In(s.normal(3, 4), view='T'), 1], lambda x, f=f: f(x, 1))
        s.case(f'{name} along 1 of int32', name, [In([[5, -2, 5], [0, 0, -7]], 'int32'), 1], lambda x, f=f: f(x, 1))
        s.case(f'{name} along 1 with NaN', name, [In([[1.0, np.nan, INF], [INF, -INF, 0]]), 1],
               lambda x, f=f: f(x, 1), grad=False)
        s.case(f'{name} along 70 elements', name, [In(s.normal(2, 70)), 1], lambda x, f=f: f(x, 1))
        arg = f'arg{name}'
        g = getattr(torch, arg)
        s.case(f'{arg} of everything', arg, [In(s.normal(3, 4))], g)
        s.case(f'{arg} of everything at ties', arg, [In(tied)], g)
        s.case(f'{arg} of a transposed tensor', arg, [In(s.normal(3, 4), view='T')], g)
        for dim in (0, -1):
            s.case(f'{arg} along {dim}', arg, [In(s.normal(2, 3, 4)), dim], lambda x, g=g, d=dim: g(x, d))
            s.case(f'{arg} along {dim}, keepdim', arg, [In(s.normal(2, 3)), dim, {'keepdim': True}],
                   lambda x, g=g, d=dim: g(x, d, keepdim=True))
        s.case(f'{arg} along 1 of int32', arg, [In([[5, -2, 5], [0, 0, -7]], 'int32'), 1], lambda x, g=g: g(x, 1))
        s.case(f'{arg} with NaN', arg, [In([[1.0, np.nan, INF], [INF, -INF, 0]]), 1], lambda x, g=g: g(x, 1))


def shapes(s):
    def x(*shape, view=None):
        return In(s.normal(*shape), view=view)
    s.case('reshape', 'reshape', [x(3, 4), [2, 6]], lambda t: t.reshape(2, 6))
    s.case('reshape with -1', 'reshape', [x(3, 4), [2, -1, 3]], lambda t: t.reshape(2, -1, 3))
    s.case('reshape of a transposed tensor copies', 'reshape', [x(3, 4, view='T'), [-1]], lambda t: t.reshape(-1))
    s.case('reshape of a stretched tensor', 'reshape', [x(3, view='expand'), [3, 2]], lambda t: t.reshape(3, 2))
    s.case('reshape to no dimensions', 'reshape', [x(1, 1), []], lambda t: t.reshape([]))
    s.case('reshape without elements', 'reshape', [x(0, 3), [3, 0, 2]], lambda t: t.reshape(3, 0, 2))
    s.case('view of a transposed tensor', '.view', [x(2, 3, 4, view='T'), [2, 2, 3, 2]], lambda t: t.view(2, 2, 3, 2))
    s.case('view', '.view', [x(3, 4), [4, 3]], lambda t: t.view(4, 3))
    s.case('flatten', 'flatten', [x(2, 3, 4)], torch.flatten)
    s.case('flatten from 1', 'flatten', [x(2, 3, 4), 1], lambda t: t.flatten(1))
    s.case('flatten 0 to 1', 'flatten', [x(2, 3, 4), 0, 1], lambda t: t.flatten(0, 1))
    s.case('flatten without dimensions', 'flatten', [x()], torch.flatten)
    s.case('unflatten', 'unflatten', [x(2, 6), 1, [3, -1]], lambda t: t.unflatten(1, (3, -1)))
    s.case('squeeze', 'squeeze', [x(1, 3, 1, 2)], torch.squeeze)
    s.case('squeeze 0', 'squeeze', [x(1, 3, 1), 0], lambda t: t.squeeze(0))
    s.case('squeeze a dimension that stays', 'squeeze', [x(1, 3, 1), 1], lambda t: t.squeeze(1))
    s.case('squeeze of a transposed tensor', 'squeeze', [x(1, 3, 2, view='T'), -1], lambda t: t.squeeze(-1))
    for dim in (0, 1, -1):
        s.case(f'unsqueeze {dim}', 'unsqueeze', [x(2, 3), dim], lambda t, d=dim: t.unsqueeze(d))
    s.case('transpose', 'transpose', [x(2, 3, 4), 0, -1], lambda t: t.transpose(0, -1))
    s.case('transpose of a transposed tensor', 'transpose', [x(2, 3, 4, view='T'), 0, 1], lambda t: t.transpose(0, 1))
    s.case('permute', 'permute', [x(2, 3, 4), [2, 0, 1]], lambda t: t.permute(2, 0, 1), double=False)
    s.case('permute with negative dimensions', 'permute', [x(2, 3, 4), [-1, 0, -2]], lambda t: t.permute(-1, 0, -2))
    s.case('expand', 'expand', [x(3, 1), [2, 3, 4]], lambda t: t.expand(2, 3, 4))
    s.case('expand with -1', 'expand', [x(3, 1), [-1, 4]], lambda t: t.expand(-1, 4))
    s.case('expand without dimensions', 'expand', [x(), [2, 2]], lambda t: t.expand(2, 2))
    for args in [(0, 1, 3), (1, 0, 4, 2), (1, 1, 4, 3), (-1, -3, -1), (0, 2), (1, 2, 2), (0, 1, 99), (1, -99, 2), (1, 3, 1)]:
        dim, start, end, step = (*args, *[None] * (4 - len(args)))
        index = slice(start, end, step)
        s.case(f'slice {args}', 'slice', [x(3, 5), *args],
               lambda t, d=dim, i=index: t[i] if d == 0 else t[:, i])
    s.case('slice of a transposed tensor', 'slice', [x(5, 3, view='T'), 1, 0, 5, 2], lambda t: t[:, 0:5:2])
    s.case('slice of every other element', 'slice', [x(2, 12, view='step'), 1, 1, 6, 2], lambda t: t[:, 1:6:2])
    for dim, index in [(0, 1), (1, -1), (-1, 0)]:
        s.case(f'select {dim}, {index}', 'select', [x(3, 4), dim, index], lambda t, d=dim, i=index: t.select(d, i))
    s.case('select of a transposed tensor', 'select', [x(3, 4, view='T'), 0, 2], lambda t: t.select(0, 2))
    for dim in (0, 1, -1):
        index = In([1, 0, 1, 1], 'int32')
        s.case(f'indexSelect {dim} with repeated indices', 'indexSelect', [x(2, 3, 4), dim, index],
               lambda t, i, d=dim: t.index_select(d, i), double=False)
    s.case('indexSelect of nothing', 'indexSelect', [x(2, 3), 0, In(np.zeros(0), 'int32')],
           lambda t, i: t.index_select(0, i))
    s.case('indexSelect of a transposed tensor', 'indexSelect', [x(4, 3, view='T'), 1, In([3, 3, 0], 'int32')],
           lambda t, i: t.index_select(1, i))
    s.case('indexSelect of int32', 'indexSelect', [In([[1, 2], [3, 4]], 'int32'), 0, In([1, 1, 0], 'int32')],
           lambda t, i: t.index_select(0, i))
    for dim in (0, 1, -1):
        a, b, c = x(2, 3), x(2, 3), x(2, 3)
        s.case(f'cat {dim}', 'cat', [[a, b, c], dim], lambda *t, d=dim: torch.cat(t, d))
        s.case(f'stack {dim}', 'stack', [[a, b, c], dim], lambda *t, d=dim: torch.stack(t, d))
    s.case('cat of different sizes', 'cat', [[x(1, 3), x(4, 3), x(0, 3)], 0], lambda *t: torch.cat(t, 0))
    s.case('cat of transposed tensors', 'cat', [[x(3, 2, view='T'), x(2, 3)], 0], lambda *t: torch.cat(t, 0))
    s.case('cat of one tensor twice', 'cat', [[a := x(2, 3), a], 1], lambda t: torch.cat([t, t], 1))
    s.case('cat of int32', 'cat', [[In([1, 2], 'int32'), In([3], 'int32')]], lambda *t: torch.cat(t))
    s.case('stack of tensors without dimensions', 'stack', [[x(), x()]], lambda *t: torch.stack(t))
    s.case('clone of a transposed tensor', '.clone', [x(2, 3, view='T')], torch.clone)


def softmaxes(s):
    for name, f in [('softmax', torch.softmax), ('logSoftmax', torch.log_softmax)]:
        for dim in (0, 1, 2, -1, -2):
            s.case(f'{name} along {dim}', name, [In(s.normal(2, 3, 4, scale=2)), dim], lambda x, f=f, d=dim: f(x, d),
                   double=True)
            s.case(f'F.{name} along {dim}', f'F.{name}', [In(s.normal(2, 3, 4, scale=2)), {'dim': dim}],
                   lambda x, f=f, d=dim: f(x, d))
        s.case(f'{name} of a transposed tensor', name, [In(s.normal(3, 5), view='T'), 1], lambda x, f=f: f(x, 1))
        s.case(f'{name} of one column', name, [In(s.normal(3, 1)), 1], lambda x, f=f: f(x, 1))
        s.case(f'{name} of 70 columns', name, [In(s.normal(2, 70)), 1], lambda x, f=f: f(x, 1))
        s.case(f'{name} without dimensions', name, [In(1.5), 0], lambda x, f=f: f(x, 0))
        s.case(f'{name} of large numbers', name, [In([[1e4, -1e4, 9999], [88, -88, 0], [3e38, -3e38, 0]]), 1],
               lambda x, f=f: f(x, 1))
        s.case(f'{name} of infinite numbers', name,
               [In([[-INF, 1, 2], [INF, 1, 2], [-INF, -INF, -INF], [np.nan, 1, 2]]), 1], lambda x, f=f: f(x, 1), grad=False)


def generate():
    s = Suite('tensors', 2)
    products(s)
    reductions(s)
    extremes(s)
    shapes(s)
    softmaxes(s)
    s.case('view as a function', 'view', [In(s.normal(3, 4)), [2, -1, 3]], lambda t: t.view(2, -1, 3))
    s.write()
