"""Losses beyond the first ones, with all their options."""
import numpy as np
import torch
import torch.nn.functional as F

from fixture import In, Suite


def pairs(s):
    for reduction in ('mean', 'sum', 'none'):
        def case(fn, f, x, y, double=True, **options):
            keywords = {{'logTarget': 'log_target'}.get(k, k): v for k, v in options.items()}
            label = ''.join(f', {k} {v}' for k, v in options.items())
            s.case(f'{fn} {reduction}{label}', f'F.{fn}', [x, y, {**options, 'reduction': reduction}],
                   lambda a, b: f(a, b, reduction=reduction, **keywords), double=double)

        def two():
            return In(s.normal(3, 4, scale=1.5)), In(s.normal(3, 4, scale=1.5))
        case('l1Loss', F.l1_loss, *two(), double=False)
        for options in ({}, {'beta': 0.5}, {'beta': 2.0}):
            case('smoothL1Loss', F.smooth_l1_loss, *two(), **options)
        case('smoothL1Loss', F.smooth_l1_loss, *two(), double=False, beta=0)
        for options in ({}, {'delta': 0.5}, {'delta': 2.0}):
            case('huberLoss', F.huber_loss, In(s.normal(3, 4, scale=1.5)), In(s.normal(3, 4, scale=1.5) + 1e-4, grad=False), **options)
        logp = np.log(s.uniform(0.1, 0.9, 3, 4))
        case('klDiv', F.kl_div, In(logp), In([[0.0, 0.5, 0.25, 0.25]] * 3, grad=False), double=False)
        case('klDiv', F.kl_div, In(logp), In(np.log(s.uniform(0.1, 0.9, 3, 4))), double=False, logTarget=True)
        labels = In(np.where(s.whole(0, 2, 3, 4) == 0, -1, 1).astype(np.float32), grad=False)
        for options in ({}, {'margin': 0.4}):
            case('hingeEmbeddingLoss', F.hinge_embedding_loss, In(s.normal(3, 4)), labels, double=False, **options)
            sign = In([1.0, -1, -1, 1, -1], grad=False)
            s.case(f'cosineEmbeddingLoss {reduction} {options}', 'F.cosineEmbeddingLoss',
                   [In(s.normal(5, 3)), In(s.normal(5, 3)), sign, {**options, 'reduction': reduction}],
                   lambda a, b, y, o=options: F.cosine_embedding_loss(a, b, y, reduction=reduction, **o))
        weights = {'': {}, ', weighted': {'weight': In(s.uniform(0.2, 2, 4), grad=False)},
                   ', posWeight': {'posWeight': In(s.uniform(0.2, 3, 4), grad=False)},
                   ', posWeight and weight': {'posWeight': In(s.uniform(0.2, 3, 4), grad=False), 'weight': In(s.uniform(0.2, 2, 3, 1), grad=False)}}
        for label, options in weights.items():
            names = list(options)
            s.case(f'binaryCrossEntropyWithLogits {reduction}{label}', 'F.binaryCrossEntropyWithLogits',
                   [In(s.normal(3, 4, scale=3)), In(s.uniform(0, 1, 3, 4), grad=False), {**options, 'reduction': reduction}],
                   lambda x, y, *w, n=names: F.binary_cross_entropy_with_logits(
                       x, y, reduction=reduction, **{{'posWeight': 'pos_weight'}.get(k, k): v for k, v in zip(n, w)}), double=True)
    s.case('klDiv batchmean', 'F.klDiv', [In(np.log(s.uniform(0.1, 0.9, 3, 4))), In(s.uniform(0.1, 0.9, 3, 4), grad=False), {'reduction': 'batchmean'}],
           lambda x, y: F.kl_div(x, y, reduction='batchmean'))
    extremes = [0.0, -0.0, 88, -88, 104, -104, 1e4, -1e4, 30, -30, 1e-30]
    for y in (0.0, 1.0, 0.3):
        s.case(f'binaryCrossEntropyWithLogits of extremes, {y}', 'F.binaryCrossEntropyWithLogits',
               [In(extremes), In([y] * len(extremes), grad=False), {'reduction': 'none'}],
               lambda x, t: F.binary_cross_entropy_with_logits(x, t, reduction='none'))
    for name, f in [('smoothL1Loss', F.smooth_l1_loss), ('huberLoss', F.huber_loss), ('l1Loss', F.l1_loss)]:
        s.case(f'{name} at its edges', f'F.{name}', [In([0.0, -0.0, 1, -1, 1e4, -1e4, 3e38, np.nan]), In([0.0] * 8, grad=False), {'reduction': 'none'}],
               lambda x, t, f=f: f(x, t, reduction='none'), grad=False)


def classes(s):
    for shape in [(4,), (5, 4), (2, 4, 3), (2, 3, 2, 2)]:
        dim = 0 if len(shape) == 1 else 1
        n = shape[dim]
        rest = shape[:dim] + shape[dim + 1:]
        weight = In(s.uniform(0.2, 2, n), grad=False)
        for reduction in ('mean', 'sum', 'none'):
            for weighted in (False, True):
                for ignore in (None, 1):
                    target = s.whole(0, n, *rest)
                    target.reshape(-1)[0] = 0
                    options = {'reduction': reduction, **({'weight': weight} if weighted else {}), **({'ignoreIndex': 1} if ignore else {})}
                    label = f'{list(shape)} {reduction}{", weighted" if weighted else ""}{", ignoring" if ignore else ""}'
                    def kw(w):
                        return {'reduction': reduction, 'weight': w[0] if w else None, **({'ignore_index': 1} if ignore else {})}
                    s.case(f'nllLoss {label}', 'F.nllLoss', [In(s.normal(*shape)), In(target, 'int32'), options],
                           lambda x, t, *w: F.nll_loss(x, t.long(), **kw(w)))
                    if len(shape) != 2:
                        s.case(f'crossEntropy {label}', 'F.crossEntropy', [In(s.normal(*shape)), In(target, 'int32'), options],
                               lambda x, t, *w: F.cross_entropy(x, t.long(), **kw(w)), double=True)
                if len(shape) < 4:
                    for smoothing in (0, 0.1):
                        p = s.uniform(0.1, 1, *shape)
                        p = np.round(p / p.sum(dim, keepdims=True), 4)
                        options = {'reduction': reduction, 'labelSmoothing': smoothing, **({'weight': weight} if weighted else {})}
                        s.case(f'crossEntropy of probabilities {list(shape)} {reduction}, smoothing {smoothing}{", weighted" if weighted else ""}',
                               'F.crossEntropy', [In(s.normal(*shape)), In(p), options],
                               lambda x, t, *w: F.cross_entropy(x, t, reduction=reduction, label_smoothing=smoothing, weight=w[0] if w else None))
    for gamma in (0, 1, 2, 3.5):
        for reduction in ('mean', 'sum', 'none'):
            def focal(x, t):
                nll = F.cross_entropy(x, t.long(), reduction='none')
                loss = (1 - torch.exp(-nll)) ** gamma * nll
                return loss if reduction == 'none' else getattr(loss, reduction)()
            s.case(f'focalLoss {gamma} {reduction}', 'F.focalLoss',
                   [In(s.normal(5, 4)), In(s.whole(0, 4, 5), 'int32'), {'gamma': gamma, 'reduction': reduction}], focal)


def generate():
    s = Suite('moreLosses', 41)
    pairs(s)
    classes(s)
    s.write()
