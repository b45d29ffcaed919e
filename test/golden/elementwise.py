"""Arithmetic, comparisons and selections: elementwise, with broadcasting."""
import numpy as np
import torch

from fixture import In, Suite

SPECIAL = [0.0, -0.0, 1e-45, -1e-45, 1e-39, 1e-38, 0.5, -0.5, 1.0, -1.0, 1.5, 2.5, -2.5, 88.0, -88.0, 1e4, -1e4,
           3e38, -3e38, np.inf, -np.inf, np.nan]

# name: (function, whether only positive numbers have a value, whether second derivatives are worth a check)
UNARY = {
    'neg': (torch.neg, False, False),
    'abs': (torch.abs, False, False),
    'sign': (torch.sign, False, False),
    'sqrt': (torch.sqrt, True, True),
    'rsqrt': (torch.rsqrt, True, True),
    'reciprocal': (torch.reciprocal, False, True),
    'square': (torch.square, False, True),
    'exp': (torch.exp, False, True),
    'log': (torch.log, True, True),
    'log1p': (torch.log1p, True, True),
    'sin': (torch.sin, False, True),
    'cos': (torch.cos, False, True),
    'tanh': (torch.tanh, False, True),
    'sigmoid': (torch.sigmoid, False, True),
    'relu': (torch.relu, False, False),
    'atan': (torch.atan, False, True),
    'erf': (torch.erf, False, True),
    'floor': (torch.floor, False, False),
    'ceil': (torch.ceil, False, False),
    'round': (torch.round, False, False),
}

BINARY = {
    'add': torch.add,
    'sub': torch.sub,
    'mul': torch.mul,
    'div': torch.div,
    'maximum': torch.maximum,
    'minimum': torch.minimum,
}

COMPARISONS = {'eq': torch.eq, 'ne': torch.ne, 'gt': torch.gt, 'ge': torch.ge, 'lt': torch.lt, 'le': torch.le}


def unary(s):
    for name, (f, positive, double) in UNARY.items():
        def draw(*shape):
            return s.uniform(0.1, 4, *shape) if positive else s.normal(*shape, scale=1.5)
        s.case(f'{name} [3,5]', name, [In(draw(3, 5))], f, double=double)
        s.case(f'{name} transposed [2,3,2]', name, [In(draw(2, 3, 2), view='T')], f)
        s.case(f'{name} every other element', name, [In(draw(3, 7), view='step')], f)
        s.case(f'{name} of a stretched tensor', name, [In(draw(4), view='expand')], f)
        s.case(f'{name} without dimensions', name, [In(draw())], f)
        s.case(f'{name} without elements', name, [In(np.zeros((2, 0)))], f)
        special = [x for x in SPECIAL if not (name in ('sin', 'cos') and abs(x) > 1e4 and np.isfinite(x))]
        s.case(f'{name} of special values', name, [In(special)], f, grad=False, elementwise=True)
        if name == 'relu':
            continue
        whole = In([[-3, -1, 0], [1, 2, 7]] if not positive else [[1, 2, 3], [4, 9, 100]], 'int32')
        if name in ('floor', 'ceil', 'round'):
            s.case(f'{name} of int32', name, [whole], lambda x: x.clone())
        else:
            s.case(f'{name} of int32', name, [whole], f)
    s.case('relu of zeros and both signs', 'relu', [In([0.0, -0.0, 1.0, -1.0])], torch.relu)
    s.case('abs at zero', 'abs', [In([0.0, -0.0, 1.0, -1.0])], torch.abs)
    s.case('round of halves', 'round', [In([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5])], torch.round)
    x = s.normal(3, 4, scale=2)
    for label, low, high in [('both', -1, 1.5), ('min', -0.5, None), ('max', None, 0.25), ('crossed', 1, -1)]:
        args = [In(x)] + ([low] if high is None else [-np.inf if low is None else low, high])
        s.case(f'clamp {label}', 'clamp', args, lambda t, a=low, b=high: torch.clamp(t, a, b))
    s.case('clamp at its limits', 'clamp', [In([-1.0, 0.0, 2.0, 3.0, -4.0]), -1, 2], lambda t: t.clamp(-1, 2))
    s.case('clamp transposed', 'clamp', [In(x, view='T'), -1, 1], lambda t: t.clamp(-1, 1))
    s.case('clamp of special values', 'clamp', [In(SPECIAL), -2, 100], lambda t: t.clamp(-2, 100), grad=False)
    s.case('clamp of int32', 'clamp', [In([-9, -2, 0, 2, 9], 'int32'), -2, 5], lambda t: t.clamp(-2, 5))
    for dtype, values in [('float32', SPECIAL), ('int32', [-1, 0, 1, 2]), ('bool', [True, False])]:
        s.case(f'logicalNot of {dtype}', 'logicalNot', [In(values, dtype)], torch.logical_not)


SHAPES = [
    ((3, 4), (3, 4)), ((3, 1), (1, 4)), ((1, 4), (3, 1)), ((4,), (3, 4)), ((3, 4), (4,)), ((2, 3, 4), (3, 1)),
    ((), (2, 3)), ((2, 3), ()), ((1,), (5,)), ((2, 1, 3, 1), (4, 1, 2)), ((0, 3), (1, 3)), ((2, 1), (2, 0)),
]


def text(shape):
    return '[' + ','.join(map(str, shape)) + ']'


def binary(s):
    def pair(name, a, b):
        x, y = s.normal(*a, scale=2), s.normal(*b, scale=2)
        if name == 'div':
            y = np.sign(y) * (np.abs(y) + np.float32(0.5))
        return x, np.where(y == 0, np.float32(1), y)
    for name, f in BINARY.items():
        for a, b in SHAPES:
            x, y = pair(name, a, b)
            s.case(f'{name} {text(a)} and {text(b)}', name, [In(x), In(y)], f,
                   double=name in ('mul', 'div') and np.size(x) * np.size(y) > 0)
        x, y = pair(name, (3, 4), (4, 3))
        s.case(f'{name} with a transposed operand', name, [In(x), In(y, view='T')], f)
        x, y = pair(name, (4, 2), (2, 4))
        s.case(f'{name} of two transposed and stepped operands', name, [In(x, view='T'), In(y)], f)
        x, y = pair(name, (3, 4), (2, 3, 4))
        s.case(f'{name} with a stretched operand', name, [In(x, view='expand'), In(y)], f)
        s.case(f'{name} where only the second requires grad', name, [In(x, grad=False), In(y)], f)
        s.case(f'{name} where only the first requires grad', name, [In(x), In(y, grad=False)], f)
        whole = [In([[7, -8, 3]], 'int32'), In([[2], [-3], [1]], 'int32')]
        s.case(f'{name} of int32', name, whole, f)
        s.case(f'{name} of int32 and float32', name, [whole[0], In([0.5, -1.25, 3])], f)
        if name != 'sub':  # PyTorch refuses to subtract booleans.
            s.case(f'{name} of float32 and bool', name, [In([0.5, -1.25, 3]), In([True, True, True], 'bool')], f)
            s.case(f'{name} of bool and int32', name, [In([True, False, True], 'bool'), In([3, -2, 1], 'int32')], f)
        a, b = np.meshgrid(SPECIAL, [0.0, -0.0, 2.0, -2.0, np.inf, -np.inf, np.nan])
        s.case(f'{name} of special values', name, [In(a), In(b)], f, grad=False, elementwise=True)
        if name in ('maximum', 'minimum'):
            s.case(f'{name} at ties', name, [In([1.0, 2.0, 0.0, -1.0]), In([1.0, -2.0, 0.0, 3.0])], f)
            for scalar in (0.5, -1):
                s.case(f'{name} with the number {scalar}', name, [In([0.5, -2.0, 3.0, -1.0]), scalar],
                       lambda t, f=f, c=scalar: f(t, torch.tensor(float(c))))
                s.case(f'{name} with the number {scalar} first', name, [scalar, In([0.5, -2.0, 3.0])],
                       lambda t, f=f, c=scalar: f(torch.tensor(float(c)), t))
            continue
        for scalar in (2.5, -3, 1e-3):
            s.case(f'{name} with the number {scalar}', name, [In(x), scalar], lambda t, f=f, c=scalar: f(t, c))
            s.case(f'{name} with the number {scalar} first', name, [scalar, In(y)],
                   lambda t, f=f, c=scalar: f(torch.tensor(c), t), double=name == 'div')
        s.case(f'{name} of a transposed tensor with a number', name, [In(x, view='T'), 1.5], lambda t, f=f: f(t, 1.5))
        s.case(f'{name} of a number with a transposed tensor', name, [1.5, In(y, view='T')],
               lambda t, f=f: f(torch.tensor(1.5), t))
        s.case(f'{name} of int32 with a whole number', name, [whole[0], 3], lambda t, f=f: f(t, 3))
        s.case(f'{name} of int32 with a fraction', name, [whole[0], 2.5], lambda t, f=f: f(t, 2.5))
        s.case(f'{name} of a whole number with int32', name, [10, whole[0]],
               lambda t, f=f: f(torch.tensor(10, dtype=torch.int32), t))


def powers(s):
    base = s.uniform(0.2, 3, 3, 4)
    mixed = np.array([0.0, -0.0, -2.0, -1.5, 1.0, 3.0], dtype=np.float32)
    for p in (0, 1, 2, 3, 0.5, -1, -2, 2.5):
        s.case(f'pow {p} of positive numbers', 'pow', [In(base), p], lambda x, p=p: x ** p, double=p not in (0, 1))
        s.case(f'pow {p} of zeros and negative numbers', 'pow', [In(mixed), p], lambda x, p=p: x ** p,
               elementwise=True)
        s.case(f'pow {p} of special values', 'pow', [In(SPECIAL), p], lambda x, p=p: x ** p, grad=False,
               elementwise=True)
    for b in (2, 0.5, 1, 0):  # 0 has no negative powers
        s.case(f'{b} to the power of a tensor', 'pow', [b, In([-1.5, 0.0, 0.5, 2.0] if b else [0.0, 0.5, 2.0])],
               lambda x, b=b: torch.pow(b, x), double=b in (2, 0.5))
    for a, b in SHAPES:
        s.case(f'pow {text(a)} and {text(b)}', 'pow', [In(s.uniform(0.2, 3, *a)), In(s.normal(*b, scale=2))],
               torch.pow, double=np.prod(a) * np.prod(b) > 0)
    bases, exponents = np.meshgrid([0.0, -0.0, -2.0, -0.5, 1.0, 3.0], [0.0, 1.0, 2.0, 3.0, -1.0, -2.0, 0.5, -0.5])
    s.case('pow of zeros and negative bases', 'pow', [In(bases), In(exponents)], torch.pow, elementwise=True)
    bases, exponents = np.meshgrid(SPECIAL, SPECIAL)
    s.case('pow of special values', 'pow', [In(bases), In(exponents)], torch.pow, grad=False, elementwise=True)
    s.case('pow of a transposed base', 'pow', [In(base, view='T'), In(s.normal(4, 3))], torch.pow)


def choices(s):
    for name, f in COMPARISONS.items():
        a, b = np.meshgrid(SPECIAL, [0.0, 1.5, -88.0, np.inf, np.nan])
        s.case(f'{name} of special values', name, [In(a), In(b)], f)
        s.case(f'{name} broadcast', name, [In(s.whole(0, 3, 3, 1), 'int32'), In(s.whole(0, 3, 1, 4), 'int32')], f)
        s.case(f'{name} of transposed float32', name, [In(s.whole(0, 3, 3, 4), view='T'), In(s.whole(0, 3, 4, 3))], f)
        s.case(f'{name} of int32 and float32', name, [In([1, 2, 3], 'int32'), In([1.5, 2.0, 2.5])], f)
        s.case(f'{name} of bool', name, [In([True, False, True, False], 'bool'), In([True, True, False, False], 'bool')], f)
        s.case(f'{name} with a number', name, [In([1.0, 1.5, 2.0, np.nan]), 1.5], lambda x, f=f: f(x, 1.5))
        s.case(f'{name} with a number first', name, [1.5, In([1.0, 1.5, 2.0, np.nan])],
               lambda x, f=f: f(torch.tensor(1.5), x))
        s.case(f'{name} of int32 with a fraction', name, [In([1, 2, 3], 'int32'), 1.5], lambda x, f=f: f(x, 1.5))
        s.case(f'{name} of int32 with a whole number', name, [In([1, 2, 3], 'int32'), 2], lambda x, f=f: f(x, 2))
    c = In([[True], [False], [True]], 'bool')
    s.case('where broadcast', 'where', [c, In(s.normal(1, 4)), In(s.normal(3, 4))], torch.where, double=False)
    s.case('where, transposed', 'where', [In(s.whole(0, 2, 4, 3), 'bool', view='T'), In(s.normal(4, 3), view='T'),
                                          In(s.normal(3, 4))], torch.where)
    s.case('where with a number', 'where', [c, In(s.normal(3, 2)), 0.5],
           lambda k, x: torch.where(k, x, torch.tensor(0.5)))
    s.case('where with a number first', 'where', [c, -2, In(s.normal(3, 2))],
           lambda k, x: torch.where(k, torch.tensor(-2.0), x))
    s.case('where of two numbers', 'where', [c, 1.5, -2.5],
           lambda k: torch.where(k, torch.tensor(1.5), torch.tensor(-2.5)))
    s.case('where of int32', 'where', [c, In([[1, 2]], 'int32'), In([[-1, -2]], 'int32')], torch.where)
    s.case('where keeps NaN out', 'where', [In([True, False], 'bool'), In([1.0, np.nan]), In([np.nan, 2.0])], torch.where)


def generate():
    s = Suite('elementwise', 1)
    unary(s)
    binary(s)
    powers(s)
    choices(s)
    s.write()
