"""
Recurrent layers over sequences, whole and of different lengths, and their cells. Parameters, inputs and upstream gradients are
`weights` with offsets that recurrent.test.ts also knows; the file holds only outputs and gradients.
"""
import torch

from fixture import Raw, Suite, weights

KINDS = {'RNN': torch.nn.RNN, 'LSTM': torch.nn.LSTM, 'GRU': torch.nn.GRU}
CELLS = {'RNNCell': torch.nn.RNNCell, 'LSTMCell': torch.nn.LSTMCell, 'GRUCell': torch.nn.GRUCell}
OPTIONS = {'numLayers': 'num_layers', 'batchFirst': 'batch_first'}


def flat(result):
    """Tensors of (out, h) or (out, (h, c)), of h or (h, c)."""
    if isinstance(result, torch.Tensor):
        return [result]
    return [t for part in result for t in flat(part)]


def short(a):
    """Shape and elements, to 6 digits."""
    a = a.detach().numpy()
    return {'shape': list(a.shape), 'data': Raw('[' + ','.join(f'{float(x):.6g}' for x in a.reshape(-1)) + ']')}


def fill(module):
    with torch.no_grad():
        for i, p in enumerate(module.parameters()):
            p.copy_(weights(tuple(p.shape), 0.17 * i))


def leaf(shape, i):
    return weights(tuple(shape), 0.05 + 0.13 * i).requires_grad_()


def finish(s, entry, module, leaves, outputs):
    upstream = [weights(tuple(y.shape), 0.1 * i) for i, y in enumerate(outputs)]
    gradients = torch.autograd.grad(outputs, [*leaves, *module.parameters()], upstream)
    entry['inputs'] = [list(x.shape) for x in leaves]
    entry['outputs'] = [short(y) for y in outputs]
    entry['gradients'] = [short(g) for g in gradients]
    s.add(entry)


def layer(s, kind, inputs, hidden, shape, states=False, lengths=None, **options):
    """shape: [steps, batch], or [steps] for a single sequence."""
    module = KINDS[kind](inputs, hidden, **{OPTIONS.get(k, k): v for k, v in options.items()})
    fill(module)
    first = options.get('batchFirst', False)
    leaves = [leaf([*(reversed(shape) if first else shape), inputs], 0)]
    rows = options.get('numLayers', 1) * (2 if options.get('bidirectional') else 1)
    count = (2 if kind == 'LSTM' else 1) if states else 0
    leaves += [leaf([rows, *shape[1:], hidden], 1 + i) for i in range(count)]
    given = None if not states else tuple(leaves[1:]) if kind == 'LSTM' else leaves[1]
    if lengths is None:
        out, final = module(leaves[0], given)
    else:
        packed = torch.nn.utils.rnn.pack_padded_sequence(
            leaves[0], torch.tensor(lengths), batch_first=first, enforce_sorted=False)
        out, final = module(packed, given)
        out, _ = torch.nn.utils.rnn.pad_packed_sequence(out, batch_first=first, total_length=shape[0])
    shown = ''.join(f', {k} {v}' for k, v in options.items())
    name = f'{kind} {inputs} to {hidden}, {shape}{shown}, states {states}, lengths {lengths}'
    finish(s, {'name': name, 'kind': kind, 'sizes': [inputs, hidden], 'options': options, 'lengths': lengths},
           module, leaves, flat((out, final)))


def layers(s):
    for kind in KINDS:
        for number in (1, 2):
            for both in (False, True):
                for first in (False, True):
                    for lengths in (None, [2, 3, 1]):
                        for states in (False, True):
                            layer(s, kind, 2, 2, (3, 3), states=states, lengths=lengths, numLayers=number,
                                  bidirectional=both, batchFirst=first)
        for hidden in (1, 3, 4, 8, 9):
            layer(s, kind, 2, hidden, (3, 5), states=True, lengths=[3, 1, 2, 3, 2])
        layer(s, kind, 2, 5, (2, 5), states=True, bidirectional=True, lengths=[1, 1, 2, 2, 1])
        for batch in (1, 2, 3, 4):
            layer(s, kind, 3, 5, (3, batch), states=True)
        layer(s, kind, 3, 5, (1, 1))
        layer(s, kind, 3, 5, (2, 5), bias=False, states=True)
        layer(s, kind, 3, 2, (4,), states=True, numLayers=2, bidirectional=True)
        layer(s, kind, 3, 2, (4,))
    layer(s, 'RNN', 3, 5, (4, 5), nonlinearity='relu', states=True, lengths=[1, 4, 3, 2, 4], bidirectional=True)
    layer(s, 'RNN', 3, 5, (3, 2), nonlinearity='relu')


def cell(s, kind, shape, states=True, hidden=5, **options):
    module = CELLS[kind](3, hidden, **options)
    fill(module)
    leaves = [leaf([*shape, 3], 0)]
    count = (2 if kind == 'LSTMCell' else 1) if states else 0
    leaves += [leaf([*shape, hidden], 1 + i) for i in range(count)]
    given = None if not states else tuple(leaves[1:]) if kind == 'LSTMCell' else leaves[1]
    shown = ''.join(f', {k} {v}' for k, v in options.items())
    finish(s, {'name': f'{kind} 3 to {hidden}, {shape}{shown}, states {states}', 'kind': kind, 'sizes': [3, hidden],
               'options': options, 'lengths': None}, module, leaves, flat(module(leaves[0], given)))


def cells(s):
    for kind in CELLS:
        for shape in [(4,), (1,), ()]:
            cell(s, kind, shape)
        cell(s, kind, (3,), states=False)
        cell(s, kind, (3,), bias=False)
    cell(s, 'RNNCell', (3,), nonlinearity='relu')


def generate():
    s = Suite('recurrent', 5)
    layers(s)
    cells(s)
    s.write()
