"""Elements moved by index, sorted, repeated, reversed, split; integers and booleans in arithmetic."""
import numpy as np
import torch

from fixture import In, Suite

NAN, INF = np.nan, np.inf


def text(shape):
    return '[' + ','.join(map(str, shape)) + ']'


def gathers(s):
    for shape, index, dim in [
        ((5,), (7,), 0), ((3, 4), (2, 4), 0), ((3, 4), (3, 6), 1), ((3, 4), (3, 6), -1), ((2, 3, 4), (2, 5, 4), 1),
        ((3, 4), (5, 2), 0), ((2, 3, 4), (1, 3, 2), 2), ((2, 2, 2, 3, 2, 2), (2, 2, 2, 4, 2, 2), 3), ((3, 4), (0, 4), 0),
        ((3, 4), (3, 0), 1), ((1,), (1,), 0), ((), (), 0),
    ]:
        size = shape[dim] if shape else 1
        i = s.whole(0, size, *index)
        label = f'{text(index)} of {text(shape)} along {dim}'
        s.case(f'gather {label}', 'gather', [In(s.normal(*shape)), dim, In(i, 'int32')],
               lambda x, j, d=dim: torch.gather(x, d, j.long()))
        larger = tuple(n + 1 for n in index)
        # PyTorch has no gradient for a source that is larger than its index.
        for source in dict.fromkeys((index, larger)):
            s.case(f'scatterAdd {label}, source {text(source)}', 'scatterAdd',
                   [In(s.normal(*shape)), dim, In(i, 'int32'), In(s.normal(*source))],
                   lambda x, j, g, d=dim: x.scatter_add(d, j.long(), g), grad=source == index)
    i = In([[2, 0], [1, 1]], 'int32')
    s.case('gather of int32', 'gather', [In([[1, 2, 3], [4, 5, 6]], 'int32'), 1, i],
           lambda x, j: torch.gather(x, 1, j.long()))
    s.case('gather of bool', 'gather', [In([[True, False, True], [False, False, True]], 'bool'), 1, i],
           lambda x, j: torch.gather(x, 1, j.long()))
    s.case('gather of a transposed tensor', 'gather', [In(s.normal(3, 2), view='T'), 1, In(i.values, 'int32', view='T')],
           lambda x, j: torch.gather(x, 1, j.long()))
    s.case('scatterAdd of int32', 'scatterAdd', [In([[1, 2, 3], [4, 5, 6]], 'int32'), 1, i, In([[9, -8], [7, 2**31 - 1]], 'int32')],
           lambda x, j, g: x.scatter_add(1, j.long(), g))
    s.case('scatterAdd of transposed tensors', 'scatterAdd',
           [In(s.normal(3, 2), view='T'), 1, In(i.values, 'int32', view='T'), In(s.normal(2, 2), view='T')],
           lambda x, j, g: x.scatter_add(1, j.long(), g))
    s.case('scatterAdd where only the source requires grad', 'scatterAdd',
           [In(s.normal(3), grad=False), 0, In([2, 0, 2], 'int32'), In(s.normal(3))],
           lambda x, j, g: x.scatter_add(0, j.long(), g))


def orders(s):
    def distinct(*shape):
        n = int(np.prod(shape))
        return (s.rng.permutation(n).reshape(shape) * 0.25 - n / 16).astype(np.float32)
    for shape in [(6,), (3, 5), (2, 3, 4), (1,), (), (2, 0), (2, 45)]:
        for dim in [0, -1] if len(shape) > 1 else [0]:
            if shape and shape[dim] == 0:
                continue
            for descending in (False, True):
                s.case(f'sort {text(shape)} along {dim}{", descending" if descending else ""}', 'sort',
                       [In(distinct(*shape)), dim, {'descending': descending}],
                       lambda x, d=dim, r=descending: torch.sort(x, dim=d, descending=r, stable=True))
    special = [3.0, NAN, -INF, 0.0, INF, 1.0, -2.5, NAN, 1e-45, -1e-45]
    for descending in (False, True):
        option = {'descending': descending}
        s.case(f'sort of special values {option}', 'sort', [In(special), 0, option],
               lambda x, r=descending: torch.sort(x, descending=r, stable=True))
        s.case(f'sort of ties {option}', 'sort', [In([1.0, 0.0, 1.0, -0.0, 0.0, 1.0, -0.0]), -1, option],
               lambda x, r=descending: torch.sort(x, descending=r, stable=True))
        s.case(f'sort of int32 {option}', 'sort', [In([3, -1, 2**31 - 1, -2**31, 3, 0], 'int32'), 0, option],
               lambda x, r=descending: torch.sort(x, descending=r, stable=True))
        s.case(f'sort of bool {option}', 'sort', [In([True, False, True, False], 'bool'), 0, option],
               lambda x, r=descending: torch.sort(x, descending=r, stable=True))
    s.case('sort by default', 'sort', [In(distinct(2, 5))], torch.sort)
    s.case('sort of a transposed tensor', 'sort', [In(distinct(4, 3), view='T'), 1], lambda x: torch.sort(x, dim=1))
    for shape, k, dim in [((7,), 3, 0), ((7,), 7, 0), ((7,), 0, 0), ((3, 9), 2, -1), ((5, 3), 2, 0), ((2, 50), 40, 1)]:
        for largest in (True, False):
            s.case(f'topk {k} of {text(shape)} along {dim}{"" if largest else ", smallest"}', 'topk',
                   [In(distinct(*shape)), k, dim, {'largest': largest}],
                   lambda x, k=k, d=dim, r=largest: torch.topk(x, k, d, r))
    s.case('topk by default', 'topk', [In(distinct(2, 6)), 2], lambda x: torch.topk(x, 2))
    s.case('topk with NaN', 'topk', [In([1.0, NAN, 3.0, 2.0]), 2], lambda x: torch.topk(x, 2))
    s.case('topk of int32', 'topk', [In([4, -3, 9, 0], 'int32'), 2, 0, {'largest': False}],
           lambda x: torch.topk(x, 2, largest=False))


def shapes(s):
    for shape, counts in [((3,), (2,)), ((3,), (2, 1)), ((3,), (2, 3)), ((2, 3), (2, 1)), ((2, 3), (1, 2)), ((2, 3), (2, 2, 3)),
                          ((), (3,)), ((2, 3), (0, 2)), ((2, 0), (2, 2)), ((1, 2, 1), (3, 2, 2)), ((2, 3), (1, 1)), ((1,), (1,)),
                          ((2, 1, 2), (2, 1, 2, 2, 1, 2))]:
        s.case(f'repeat {text(shape)} {text(counts)}', 'repeat', [In(s.normal(*shape)), list(counts)],
               lambda x, c=counts: x.repeat(*c))
    s.case('repeat of int32', 'repeat', [In([1, 2], 'int32'), [2, 2]], lambda x: x.repeat(2, 2))
    s.case('repeat of a transposed tensor', 'repeat', [In(s.normal(2, 3), view='T'), [2, 2]], lambda x: x.repeat(2, 2))
    for shape, dims in [((4,), [0]), ((3, 4), [0]), ((3, 4), [1]), ((3, 4), [0, -1]), ((2, 3, 4), [0, 2]), ((3, 4), []), ((2, 0), [1]),
                        ((1,), [0]), ((2, 2, 2, 2, 2, 3), [1, 3, 5])]:
        s.case(f'flip {text(shape)} along {dims}', 'flip', [In(s.normal(*shape)), dims], lambda x, d=dims: torch.flip(x, d))
    s.case('flip of bool', 'flip', [In([True, False, False], 'bool'), [0]], lambda x: torch.flip(x, [0]))
    s.case('flip of every other element', 'flip', [In(s.normal(2, 7), view='step'), [1]], lambda x: torch.flip(x, [1]))
    s.case('flip of a stretched tensor', 'flip', [In(s.normal(3), view='expand'), [0, 1]], lambda x: torch.flip(x, [0, 1]))
    for shape in [(3, 3), (2, 4), (4, 2), (2, 3, 3), (1, 1), (0, 2)]:
        for k in (0, 1, -1, 5):
            for name in ('tril', 'triu'):
                s.case(f'{name} {text(shape)} {k}', name, [In(s.normal(*shape)), k], lambda x, n=name, k=k: getattr(torch, n)(x, k))
    s.case('tril of NaN above', 'tril', [In([[1.0, NAN], [2.0, INF]])], torch.tril)
    s.case('triu of int32', 'triu', [In([[1, 2], [3, 4]], 'int32')], torch.triu)
    s.case('tril of bool', 'tril', [In([[True, True], [True, True]], 'bool')], torch.tril)
    s.case('tril of a transposed tensor', 'tril', [In(s.normal(3, 2), view='T')], torch.tril)
    for shape, size, dim in [((5,), 2, 0), ((4,), 2, 0), ((3, 5), 4, 1), ((3, 5), 9, 1), ((3, 5), [2, 0, 3], -1), ((0, 2), 3, 0), ((0, 2), 0, 0)]:
        s.case(f'split {text(shape)} by {size} along {dim}', 'split', [In(s.normal(*shape)), size, dim],
               lambda x, n=size, d=dim: torch.split(x, n, d))
    for shape, n, dim in [((6,), 3, 0), ((7,), 3, 0), ((5, 4), 4, 0), ((2, 3), 5, 1), ((0, 2), 3, 0)]:
        s.case(f'chunk {text(shape)} in {n} along {dim}', 'chunk', [In(s.normal(*shape)), n, dim],
               lambda x, n=n, d=dim: torch.chunk(x, n, d))


def kinds(s):
    """Operands of different element types."""
    a, b = In([[True], [False]], 'bool'), In([[True, False]], 'bool')
    for name, f in [('add', torch.add), ('mul', torch.mul), ('maximum', torch.maximum), ('minimum', torch.minimum)]:
        s.case(f'{name} of two bools', name, [a, b], f)
    s.case('add of bool and a whole number', 'add', [a, 2], lambda x: (x + 2).int())
    bases, exponents = np.meshgrid([0, 1, -1, 2, -3, 7, 46341], [0, 1, 2, 3, 5, 31])
    s.case('pow of int32', 'pow', [In(bases, 'int32'), In(exponents, 'int32')], torch.pow)
    s.case('pow of int32 with negative exponents', 'pow', [In([1, -1, -1, 2, -3], 'int32'), In([-3, -3, -2, -1, -2], 'int32')], torch.pow)
    for p in (0, 1, 2, 3):
        s.case(f'pow of int32 by {p}', 'pow', [In([1, -2, 3, 0], 'int32'), p], lambda x, p=p: x ** p)
    s.case('pow of int32 by a fraction', 'pow', [In([1, 4, 9], 'int32'), 0.5], lambda x: x ** 0.5)
    s.case('pow of a number by int32', 'pow', [2, In([0, 1, 5], 'int32')], lambda x: torch.pow(2, x).int())
    s.case('pow of int32 by bool', 'pow', [In([5, 7], 'int32'), In([True, False], 'bool')], torch.pow)
    for name, f in [('max', torch.max), ('min', torch.min)]:
        s.case(f'{name} of everything with NaN', name, [In([[1.0, NAN, 2.0], [NAN, -INF, 0.0]])], f)
        s.case(f'{name} of one element', name, [In(s.normal(1, 1))], f)


def generate():
    s = Suite('rearrange', 21)
    gathers(s)
    orders(s)
    shapes(s)
    kinds(s)
    s.write()
