"""Embeddings: padding, frequencies, one-hot vectors."""
import numpy as np
import torch
import torch.nn.functional as F

from fixture import In, Suite


def generate():
    s = Suite('embedding', 7)
    lists = [np.array([4, 0, 4]), np.array([[1, 3, 3], [0, 2, 1]]), np.zeros((2, 0)), np.array(2)]
    for given, names in [({}, {}), ({'paddingIdx': 1}, {'padding_idx': 1}), ({'paddingIdx': -2}, {'padding_idx': -2}),
                         ({'scaleGradByFreq': True}, {'scale_grad_by_freq': True})]:
        for index in lists:
            if given.get('scaleGradByFreq') and index.size == 0:
                continue
            s.case(f'embedding {list(index.shape)} {given}', 'F.embedding',
                   [In(index, 'int32'), In(s.normal(5, 3)), given],
                   lambda i, w: F.embedding(i.long(), w, **names))
    for p in (1, 2, 3):
        table = s.normal(5, 3, scale=2)
        s.case(f'embedding with maxNorm, p {p}', 'F.embedding',
               [In([[1, 3, 3], [0, 1, 1]], 'int32'), In(table, grad=False), {'maxNorm': 1.5, 'normType': p}],
               lambda i, w: F.embedding(i.long(), w, max_norm=1.5, norm_type=p), grad=False)
    for index in (np.array([2, 0, 1]), np.array([[0], [3]])):
        s.case(f'oneHot {list(index.shape)}', 'F.oneHot', [In(index, 'int32'), 4],
               lambda i: F.one_hot(i.long(), 4).int(), grad=False)
    s.case('oneHot, classes counted', 'F.oneHot', [In([2, 0], 'int32')], lambda i: F.one_hot(i.long()).int(), grad=False)
    s.write()
