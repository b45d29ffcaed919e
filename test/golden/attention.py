"""
Attention. PyTorch 1.13 has no public function for it: that of later versions is built from its formula in float64. For the
layers, parameters, inputs and upstream gradients are `weights` with offsets that attention.golden.test.ts also knows.
"""
import numpy as np
import torch

from fixture import In, Raw, Suite, encode_array, number, weights
from recurrent import fill, leaf


def formula(q, k, v, mask=None, causal=False):
    q, k, v = q.double(), k.double(), v.double()
    scores = q @ k.transpose(-2, -1) / np.sqrt(q.shape[-1])
    if causal:
        mask = torch.ones(scores.shape[-2:], dtype=torch.bool).tril()
    if mask is not None:
        summand = torch.zeros(mask.shape, dtype=torch.float64).masked_fill(~mask, -np.inf) if mask.dtype == torch.bool else mask.double()
        scores = scores + summand
    return (scores.softmax(-1) @ v).float()


def short(a):
    """Shape and elements, to 6 digits."""
    a = a.detach().numpy()
    shown = [f'{float(x):.6g}' if np.isfinite(x) else number(x) for x in a.reshape(-1)]
    return {'shape': list(a.shape), 'data': Raw('[' + ','.join(shown) + ']')}


def functions():
    s = Suite('attention', 61)

    def case(name, q, k, v, mask=None, causal=False, view=None):
        inputs = [In(s.normal(*shape), view=view) for shape in (q, k, v)]
        given = {'isCausal': True} if causal else {}
        if mask is not None:
            given['attnMask'] = mask
            s.case(name, 'F.scaledDotProductAttention', [*inputs, given], lambda q, k, v, m: formula(q, k, v, m))
        else:
            s.case(name, 'F.scaledDotProductAttention', [*inputs, given] if given else inputs,
                   lambda q, k, v: formula(q, k, v, causal=causal))

    case('one head', (3, 4), (5, 4), (5, 2))
    case('one place', (1, 3), (1, 3), (1, 3))
    case('a batch', (2, 3, 4), (2, 5, 4), (2, 5, 3))
    case('heads', (2, 2, 3, 4), (2, 2, 5, 4), (2, 2, 5, 4))
    case('odd sizes', (2, 3, 9, 7), (2, 3, 9, 7), (2, 3, 9, 5))
    case('keys for all of the batch', (2, 3, 3, 4), (3, 5, 4), (1, 1, 5, 2))
    case('transposed', (4, 3), (4, 5), (6, 5), view='T')
    case('causal', (2, 4, 3), (2, 4, 3), (2, 4, 3), causal=True)
    case('causal, fewer keys', (2, 4, 3), (2, 2, 3), (2, 2, 3), causal=True)
    case('causal, more keys', (2, 3, 3), (2, 5, 3), (2, 5, 3), causal=True)
    keep = s.rng.random((3, 5)) > 0.4
    keep[:, 0] = True
    case('bool mask', (2, 3, 4), (2, 5, 4), (2, 5, 4), mask=In(keep, 'bool'))
    each = s.rng.random((2, 1, 3, 5)) > 0.4
    each[..., 2] = True
    case('bool mask for each of the batch', (2, 2, 3, 4), (2, 2, 5, 4), (2, 2, 5, 4), mask=In(each, 'bool'))
    case('mask of keys', (2, 2, 3, 4), (2, 2, 5, 4), (2, 2, 5, 4),
         mask=In(np.array([[[[1, 1, 0, 1, 0]]], [[[1, 1, 1, 1, 1]]]]), 'bool'))
    case('float mask with a gradient', (2, 3, 4), (2, 5, 4), (2, 5, 4), mask=In(s.normal(3, 5)))
    bias = s.normal(2, 3, 5)
    bias[0, 1, 2] = -np.inf
    case('float mask for each', (2, 3, 4), (2, 5, 4), (2, 5, 4), mask=In(bias, grad=False))
    nothing = np.ones((3, 5), bool)
    nothing[1] = False
    case('a query without keys', (2, 3, 4), (2, 5, 4), (2, 5, 4), mask=In(nothing, 'bool'))
    s.write()


def finish(s, entry, module, leaves, outputs, masks):
    wanted = [*leaves, *module.parameters()]
    upstream = [weights(tuple(y.shape), 0.1 * i) for i, y in enumerate(outputs)]
    gradients = torch.autograd.grad(outputs, wanted, upstream)
    s.add({**entry, 'names': [name for name, _ in module.named_parameters()], 'inputs': [list(x.shape) for x in leaves],
           'masks': {k: encode_array(m) for k, m in masks.items()},
           'outputs': [short(y) for y in outputs], 'gradients': [short(g) for g in gradients]})


MASKS = {'keyPaddingMask': 'key_padding_mask', 'attnMask': 'attn_mask', 'srcMask': 'src_mask',
         'srcKeyPaddingMask': 'src_key_padding_mask'}
OPTIONS = {'batchFirst': 'batch_first', 'dimFeedforward': 'dim_feedforward', 'normFirst': 'norm_first', 'layerNormEps': 'layer_norm_eps'}


def python(names, options):
    return {names.get(k, k): v for k, v in options.items()}


def multihead(s, name, size, heads, query, keys=None, values=None, masks={}, call={}, **options):
    module = torch.nn.MultiheadAttention(size, heads, **python(OPTIONS, options))
    fill(module)
    leaves = [leaf(shape, i) for i, shape in enumerate(x for x in (query, keys, values) if x is not None)]
    given = leaves if len(leaves) == 3 else [leaves[0], leaves[-1], leaves[-1]]
    names = {'needWeights': 'need_weights', 'averageAttnWeights': 'average_attn_weights'}
    out, shown = module(*given, **python(MASKS, masks), **python(names, call))
    outputs = [out] if shown is None else [out, shown]
    finish(s, {'name': f'MultiheadAttention, {name}', 'kind': 'MultiheadAttention', 'sizes': [size, heads], 'options': options, 'call': call},
           module, leaves, outputs, masks)


def encoder(s, name, size, heads, shape, masks={}, **options):
    module = torch.nn.TransformerEncoderLayer(size, heads, **python(OPTIONS, {'dropout': 0, **options}))
    fill(module)
    x = leaf(shape, 0)
    finish(s, {'name': f'TransformerEncoderLayer, {name}', 'kind': 'TransformerEncoderLayer', 'sizes': [size, heads],
               'options': {'dropout': 0, **options}, 'call': {}}, module, [x], [module(x, **python(MASKS, masks))], masks)


def layers():
    s = Suite('attentionLayers', 62)
    ignored = torch.tensor([[False, True, False, False, True], [False, False, True, False, False]])
    upper = torch.ones(3, 5).triu(2).bool()
    multihead(s, 'self', 4, 2, (3, 2, 4))
    multihead(s, 'self, batch first', 4, 2, (2, 3, 4), batchFirst=True)
    multihead(s, 'no bias', 4, 2, (3, 2, 4), bias=False)
    multihead(s, 'one head', 4, 1, (3, 2, 4), (5, 2, 4))
    multihead(s, 'three inputs', 6, 3, (3, 2, 6), (5, 2, 6), (5, 2, 6))
    multihead(s, 'sizes of their own', 4, 2, (3, 2, 4), (5, 2, 3), (5, 2, 5), kdim=3, vdim=5)
    multihead(s, 'sizes of their own, no bias, batch first', 4, 2, (2, 3, 4), (2, 5, 4), (2, 5, 5), vdim=5, bias=False, batchFirst=True)
    multihead(s, 'weights of each head', 4, 2, (3, 2, 4), (5, 2, 4), call={'averageAttnWeights': False})
    multihead(s, 'without weights', 4, 2, (3, 2, 4), (5, 2, 4), call={'needWeights': False})
    multihead(s, 'no batch', 4, 2, (3, 4), (5, 4), masks={'attnMask': upper})
    multihead(s, 'no batch, batch first', 4, 2, (3, 4), (5, 4), call={'averageAttnWeights': False}, batchFirst=True,
              masks={'keyPaddingMask': ignored[0]})
    multihead(s, 'padding', 4, 2, (3, 2, 4), (5, 2, 4), masks={'keyPaddingMask': ignored})
    multihead(s, 'both masks', 4, 2, (2, 3, 4), (2, 5, 4), masks={'keyPaddingMask': ignored, 'attnMask': upper}, batchFirst=True)
    multihead(s, 'bool and float masks', 4, 2, (3, 2, 4), (5, 2, 4),
              masks={'keyPaddingMask': ignored, 'attnMask': weights((3, 5), 0.2)})
    multihead(s, 'float padding', 4, 2, (3, 2, 4), (5, 2, 4), masks={'keyPaddingMask': weights((2, 5), 0.3)})
    multihead(s, 'a mask for each head', 4, 2, (3, 2, 4), (5, 2, 4), masks={'attnMask': weights((4, 3, 5), 0.6)})
    multihead(s, 'everything ignored', 4, 2, (3, 2, 4), (5, 2, 4),
              masks={'keyPaddingMask': torch.tensor([[True] * 5, [False] * 5])})
    square = torch.ones(3, 3).triu(1).bool()
    encoder(s, 'relu', 4, 2, (3, 2, 4), dimFeedforward=6)
    encoder(s, 'gelu, batch first', 4, 2, (2, 3, 4), dimFeedforward=6, activation='gelu', batchFirst=True)
    encoder(s, 'norm first', 4, 2, (3, 2, 4), dimFeedforward=5, normFirst=True, layerNormEps=0.01)
    encoder(s, 'norm first, no batch', 4, 1, (3, 4), dimFeedforward=5, normFirst=True, activation='gelu', masks={'srcMask': square})
    encoder(s, 'masks', 4, 2, (2, 3, 4), dimFeedforward=5, batchFirst=True,
            masks={'srcMask': square, 'srcKeyPaddingMask': torch.tensor([[False, False, True], [False, True, False]])})
    s.write()


def generate():
    functions()
    layers()
