"""The parts of the fixtures' cases: inputs, the PyTorch call, outputs and gradients, written as JSON, one case per line."""
import json
import os

import numpy as np
import torch

HERE = os.path.dirname(os.path.abspath(__file__))

VIEWS = {
    # Dimensions in reverse order.
    'T': lambda t: t.permute(*reversed(range(t.ndim))),
    # Every other entry of the last dimension, from the second on.
    'step': lambda t: t[..., 1::2],
    # A first dimension of size 2 with stride 0.
    'expand': lambda t: t.expand(2, *t.shape),
}


class In:
    """An input tensor of a case: its numbers, and the view of it that the operation sees."""

    def __init__(self, values, dtype='float32', view=None, grad=True):
        kinds = {'float32': np.float32, 'int32': np.int32, 'bool': np.bool_}
        self.values = np.asarray(values, dtype=kinds[dtype])
        self.dtype = dtype
        self.view = view
        self.grad = grad and dtype == 'float32'

    def leaf(self):
        return torch.from_numpy(self.values.copy()).requires_grad_(self.grad)

    def see(self, leaf):
        return leaf if self.view is None else VIEWS[self.view](leaf)

    def encode(self):
        entry = encode_array(self.values)
        if self.view is not None:
            entry['view'] = self.view
        if self.grad:
            entry['grad'] = True
        return entry


class Raw(str):
    """Text that goes into the JSON as it is."""


def number(x):
    """The shortest text that parses to this float32 (or whole number); a string for numbers that JSON lacks."""
    if isinstance(x, (bool, np.bool_)):
        return '1' if x else '0'
    if isinstance(x, (int, np.integer)):
        return str(int(x))
    x = np.float32(x)
    if np.isnan(x):
        return '"nan"'
    if np.isinf(x):
        return '"inf"' if x > 0 else '"-inf"'
    text = str(x)
    return text[:-2] if text.endswith('.0') else text


def encode_array(a):
    a = a.detach().numpy() if isinstance(a, torch.Tensor) else np.asarray(a)
    kind = 'bool' if a.dtype == np.bool_ else 'int32' if a.dtype.kind == 'i' else 'float32'
    return {'shape': list(a.shape), 'dtype': kind, 'data': Raw('[' + ','.join(number(x) for x in a.reshape(-1)) + ']')}


def weights(shape, offset=0.0):
    """Fixed, irregular gradients of both signs."""
    n = int(np.prod(shape))
    values = 2 * ((np.arange(n) * 0.6180339887498949 + 0.3 + offset) % 1) - 0.7
    return torch.from_numpy(np.round(values, 3).astype(np.float32).reshape(shape))


def dumps(value):
    """JSON with Raw text as it is, and numbers as `number` prints them."""
    if isinstance(value, Raw):
        return str(value)
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, (int, float, np.floating)):
        return number(value) if isinstance(value, int) or not np.isfinite(value) else repr(float(value))
    if isinstance(value, dict):
        return '{' + ','.join(f'{json.dumps(k)}:{dumps(v)}' for k, v in value.items()) + '}'
    return '[' + ','.join(dumps(v) for v in value) + ']'


class Suite:
    """The cases of one file."""

    def __init__(self, name, seed):
        self.name = name
        self.rng = np.random.default_rng(seed)
        self.cases = []
        self.names = set()

    def normal(self, *shape, scale=1.0):
        return np.round(self.rng.normal(size=shape) * scale, 3).astype(np.float32)

    def uniform(self, low, high, *shape):
        return np.round(self.rng.uniform(low, high, size=shape), 3).astype(np.float32)

    def whole(self, low, high, *shape):
        return self.rng.integers(low, high, size=shape).astype(np.int32)

    def add(self, entry):
        assert entry['name'] not in self.names, entry['name']
        self.names.add(entry['name'])
        self.cases.append(entry)

    def case(self, name, fn, args, f, grad=True, double=False, elementwise=False):
        """
        saraf's `fn(...args)` against PyTorch's `f` of the inputs among `args`. `double`: second derivatives too.
        `elementwise`: each element has its own tolerance, for values of very different sizes.
        """
        inputs = []

        def encode(arg):
            if isinstance(arg, In):
                if arg not in inputs:
                    inputs.append(arg)
                return {'input': inputs.index(arg)}
            if isinstance(arg, (list, tuple)):
                return [encode(a) for a in arg]
            if isinstance(arg, dict):
                return {k: encode(v) for k, v in arg.items()}
            return arg

        entry = {'name': name, 'fn': fn, 'args': [encode(a) for a in args]}
        leaves = [x.leaf() for x in inputs]
        result = f(*[x.see(leaf) for x, leaf in zip(inputs, leaves)])
        outputs = list(result) if isinstance(result, (tuple, list)) else [result]
        entry['inputs'] = [x.encode() for x in inputs]
        entry['outputs'] = [encode_array(y) for y in outputs]
        if elementwise:
            entry['elementwise'] = True
        differentiable = [y for y in outputs if y.requires_grad]
        if grad and differentiable:
            wanted = [leaf for leaf in leaves if leaf.requires_grad]
            upstream = [weights(tuple(y.shape), 0.1 * i) for i, y in enumerate(differentiable)]
            gradients = torch.autograd.grad(
                differentiable, wanted, upstream, create_graph=double, allow_unused=True)
            filled = [torch.zeros_like(x) if g is None else g for g, x in zip(gradients, wanted)]
            entry['upstream'] = [encode_array(u) for u in upstream]
            entry['gradients'] = [encode_array(g) for g in filled]
            if double:
                self.second(entry, filled, wanted)
        self.add(entry)

    def second(self, entry, gradients, wanted):
        """Gradients of Σ v·gradient for the inputs."""
        recorded = [g for g in gradients if g.requires_grad]
        assert recorded, entry['name']
        total = sum((g * weights(tuple(g.shape), 0.45 + 0.1 * i)).sum()
                    for i, g in enumerate(gradients) if g.requires_grad)
        found = torch.autograd.grad(total, wanted, allow_unused=True)
        entry['secondUpstream'] = [
            encode_array(weights(tuple(g.shape), 0.45 + 0.1 * i)) for i, g in enumerate(gradients)]
        entry['secondGradients'] = [
            encode_array(torch.zeros_like(x) if g is None else g) for g, x in zip(found, wanted)]

    def write(self):
        path = os.path.join(HERE, f'{self.name}.jsonl')
        with open(path, 'w') as file:
            file.writelines(dumps(c) + '\n' for c in self.cases)
        print(f'{self.name}: {len(self.cases)} cases, {os.path.getsize(path)} bytes')
