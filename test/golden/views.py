"""
Random programs of views and in-place changes, with PyTorch's values of all their tensors and gradients of their leaves, written to
views.jsonl, one program per line. A program is a list of steps; each step that is not a change adds a tensor, and steps refer
to tensors by number. Needs no NumPy, and PyTorch 1.13 or later:

    python3 test/golden/views.py
"""
import json
import os
import random

import torch

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAMS = 160


def shape_of(rng):
    return [rng.randint(2, 3) for _ in range(rng.randint(1, 3))]


def propose(rng, tensors):
    """A step: its name, the numbers of its tensors, and its other arguments."""
    i = rng.randrange(len(tensors))
    x = tensors[i]
    like = [j for j, t in enumerate(tensors) if t.shape == x.shape]
    j = rng.choice(like)
    kind = rng.choice(['made', 'made', 'view', 'view', 'view', 'change', 'change', 'change', 'change'])
    if kind == 'made':
        return rng.choice([
            ['zeros', shape_of(rng)], ['scale', i, rng.choice([2, -1, 3])], ['add', i, j], ['mul', i, j], ['clone', i],
        ])
    if kind == 'view':
        options = [['reshape', i, [x.numel()]], ['unsqueeze', i, rng.randint(0, x.ndim)]]
        if x.ndim > 0:
            dim = rng.randrange(x.ndim)
            size = x.shape[dim]
            start = rng.randrange(size)
            options += [
                ['select', i, dim, start], ['slice', i, dim, start, size, rng.randint(1, 2)],
                ['permute', i, rng.sample(range(x.ndim), x.ndim)], ['expand', i, [2, *x.shape]],
            ]
        return rng.choice(options)
    return rng.choice([
        ['copy_', i, j], ['copy_', i, j], ['add_', i, j], ['mul_', i, j], ['scale_', i, rng.choice([2, -3])], ['zero_', i],
        ['fill_', i, 5],
    ])


def apply(tensors, step):
    name, *rest = step
    x = tensors[rest[0]] if name != 'zeros' else None
    if name == 'zeros':
        tensors.append(torch.zeros(*rest[0]))
    elif name in ('scale', 'scale_'):
        y = x.mul_(rest[1]) if name == 'scale_' else x * rest[1]
        if name == 'scale':
            tensors.append(y)
    elif name in ('add', 'mul'):
        tensors.append(x + tensors[rest[1]] if name == 'add' else x * tensors[rest[1]])
    elif name == 'clone':
        tensors.append(x.clone())
    elif name == 'reshape':
        tensors.append(x.reshape(rest[1]))
    elif name == 'unsqueeze':
        tensors.append(x.unsqueeze(rest[1]))
    elif name == 'select':
        tensors.append(x.select(rest[1], rest[2]))
    elif name == 'slice':
        index = [slice(None)] * x.ndim
        index[rest[1]] = slice(*rest[2:])
        tensors.append(x[tuple(index)])
    elif name == 'permute':
        tensors.append(x.permute(rest[1]))
    elif name == 'expand':
        tensors.append(x.expand(rest[1]))
    elif name == 'zero_':
        x.zero_()
    elif name == 'fill_':
        x.fill_(rest[1])
    else:
        getattr(x, name)(tensors[rest[1]])


def leaves_of(rng):
    shapes = [[2, 3], [2, 3], shape_of(rng)]
    return [torch.tensor([rng.randint(-4, 4) / 2 for _ in range(torch.Size(s).numel())]).reshape(s) for s in shapes]


def replay(leaves, steps):
    """The tensors of a program, leaves first, and the gradients of its leaves."""
    own = [leaf.clone().requires_grad_() for leaf in leaves]
    tensors = list(own)
    for step in steps:
        apply(tensors, step)
    # A weight for every element, so that no two elements are alike.
    loss = sum((t * (torch.arange(t.numel()).reshape(t.shape) % 5 + k % 3 + 1)).sum() for k, t in enumerate(tensors))
    loss.backward()
    return [t.detach().reshape(-1).tolist() for t in tensors], [leaf.grad.reshape(-1).tolist() for leaf in own]


def program(rng):
    leaves = leaves_of(rng)
    steps = []
    for _ in range(rng.randint(6, 14)):
        # Leaves are never changed: that is refused.
        for _ in range(20):
            tensors = [leaf.clone().requires_grad_() for leaf in leaves]
            try:
                for step in steps:
                    apply(tensors, step)
                step = propose(rng, tensors)
                replay(leaves, [*steps, step])
            except RuntimeError:
                continue
            if step[0] == 'copy_' and step[1] == step[2]:
                continue
            steps.append(step)
            break
    values, gradients = replay(leaves, steps)
    if max(abs(v) for part in [*values, *gradients] for v in part) > 2 ** 20:
        return None
    encoded = [{'shape': list(leaf.shape), 'data': leaf.reshape(-1).tolist()} for leaf in leaves]
    return {'leaves': encoded, 'steps': steps, 'values': values, 'gradients': gradients}


def generate():
    rng = random.Random(20)
    lines = []
    while len(lines) < PROGRAMS:
        made = program(rng)
        if made is not None and sum(step[0].endswith('_') for step in made['steps']) >= 2:
            lines.append(json.dumps(made, separators=(',', ':')))
    with open(os.path.join(HERE, 'views.jsonl'), 'w', encoding='utf-8') as file:
        file.write('\n'.join(lines) + '\n')


if __name__ == '__main__':
    generate()
