"""Linear maps, losses, whole models through a few training steps, optimizers, initial values."""
import math

import numpy as np
import torch
import torch.nn.functional as F

from fixture import In, Suite, encode_array, weights

INF = float('inf')


def linears(s):
    shapes = [((4,), 3), ((2, 4), 3), ((2, 3, 4), 5), ((2, 2, 3, 4), 1), ((0, 4), 3), ((1, 1), 1), ((7, 19), 13)]
    for shape, out in shapes:
        x, w, b = In(s.normal(*shape)), In(s.normal(out, shape[-1])), In(s.normal(out))
        label = ','.join(map(str, shape))
        s.case(f'linear [{label}] to {out}', 'F.linear', [x, w, b], F.linear, double=0 not in shape)
        s.case(f'linear [{label}] to {out} without bias', 'F.linear', [x, w], F.linear, double=0 not in shape)
    s.case('linear of a transposed input', 'F.linear',
           [In(s.normal(4, 3), view='T'), In(s.normal(2, 4)), In(s.normal(2))], F.linear)
    s.case('linear with transposed weights', 'F.linear',
           [In(s.normal(3, 4)), In(s.normal(4, 2), view='T'), In(s.normal(4), view='step')], F.linear)
    s.case('linear of a stretched input', 'F.linear',
           [In(s.normal(3, 4), view='expand'), In(s.normal(2, 4)), In(s.normal(2))], F.linear)
    s.case('linear with frozen weights', 'F.linear',
           [In(s.normal(3, 4)), In(s.normal(2, 4), grad=False), In(s.normal(2), grad=False)], F.linear)
    s.case('linear of a frozen input', 'F.linear',
           [In(s.normal(3, 4), grad=False), In(s.normal(2, 4)), In(s.normal(2))], F.linear)


def torch_name(name):
    return {'ignoreIndex': 'ignore_index', 'labelSmoothing': 'label_smoothing'}.get(name, name)


def cross_entropies(s):
    rows, classes = 6, 4
    target = np.array([0, 3, 1, 1, 2, 3], dtype=np.int32)
    ignoring = np.array([0, -100, 1, -100, 2, 3], dtype=np.int32)
    weight = s.uniform(0.2, 2, classes)

    def case(name, x, t, double=True, weight=None, **options):
        given = dict(options)
        args = [In(x), In(t, 'int32')]
        if weight is not None:
            given['weight'] = In(weight, grad=False)
        keywords = {torch_name(k): v for k, v in options.items()}
        s.case(f'crossEntropy {name}', 'F.crossEntropy', [*args, given],
               lambda a, b, *w: F.cross_entropy(a, b.long(), weight=w[0] if w else None, **keywords), double=double)

    def x():
        return s.normal(rows, classes, scale=2)
    for reduction in ('mean', 'sum', 'none'):
        for t, which in [(target, ''), (ignoring, ', ignoring')]:
            for w, weighted in [(None, ''), (weight, ', weighted')]:
                for smoothing in (0, 0.1):
                    case(f'{reduction}{which}{weighted}, smoothing {smoothing}', x(), t, weight=w, reduction=reduction,
                         labelSmoothing=smoothing)
    case('by default', x(), target)
    case('ignoring class 1', x(), target, ignoreIndex=1)
    case('ignoring class 1, weighted', x(), target, ignoreIndex=1, weight=weight)
    case('ignoring class 3, weighted and smoothed', x(), target, ignoreIndex=3, weight=weight, labelSmoothing=0.25)
    case('smoothed to the full', x(), target, labelSmoothing=1.0)
    case('with a class without weight', x(), target, weight=np.array([1, 0, 2, 0.5], dtype=np.float32))
    case('of everything ignored, sum', x(), np.full(rows, -100), reduction='sum', double=False)
    s.case('crossEntropy of everything ignored, mean', 'F.crossEntropy', [In(x()), In(np.full(rows, -100), 'int32'), {}],
           lambda a, b: F.cross_entropy(a, b.long()), grad=False)
    case('of large numbers', np.array([[1e4, -1e4, 0], [88, -88, 0], [-1e4, 1e4, 1e4]]), np.array([0, 1, 0]), double=False,
         reduction='none')
    case('of one class', s.normal(3, 1), np.zeros(3, dtype=np.int32), double=False)
    case('of 70 classes', s.normal(3, 70), np.array([0, 69, 33]))
    s.case('crossEntropy of transposed logits', 'F.crossEntropy',
           [In(s.normal(classes, rows), view='T'), In(target, 'int32')], lambda a, b: F.cross_entropy(a, b.long()))
    s.case('crossEntropy of -inf logits', 'F.crossEntropy',
           [In([[-INF, 1.0, 2.0], [0.0, -INF, -INF]]), In([1, 0], 'int32'), {'reduction': 'none'}],
           lambda a, b: F.cross_entropy(a, b.long(), reduction='none'))


def losses(s):
    for reduction in ('mean', 'sum', 'none'):
        options = {'reduction': reduction}
        s.case(f'mseLoss {reduction}', 'F.mseLoss', [In(s.normal(3, 4)), In(s.normal(3, 4)), options],
               lambda x, y, o=options: F.mse_loss(x, y, **o), double=True)
        s.case(f'mseLoss {reduction} with a fixed target', 'F.mseLoss',
               [In(s.normal(2, 3, 2), view='T'), In(s.normal(2, 3, 2), grad=False), options],
               lambda x, y, o=options: F.mse_loss(x, y, **o), double=True)
        s.case(f'binaryCrossEntropy {reduction}', 'F.binaryCrossEntropy',
               [In(s.uniform(0.05, 0.95, 3, 4)), In(s.whole(0, 2, 3, 4).astype(np.float32), grad=False), options],
               lambda x, y, o=options: F.binary_cross_entropy(x, y, **o), double=True)
        s.case(f'binaryCrossEntropy {reduction} of soft targets', 'F.binaryCrossEntropy',
               [In(s.uniform(0.05, 0.95, 3, 4)), In(s.uniform(0, 1, 3, 4)), options],
               lambda x, y, o=options: F.binary_cross_entropy(x, y, **o))
        for shape in ((3, 4), (4,), (3, 1)):
            s.case(f'binaryCrossEntropy {reduction}, weights {list(shape)}', 'F.binaryCrossEntropy',
                   [In(s.uniform(0.05, 0.95, 3, 4)), In(s.whole(0, 2, 3, 4).astype(np.float32), grad=False),
                    {**options, 'weight': In(s.uniform(0.2, 2, *shape), grad=False)}],
                   lambda x, y, w, o=options: F.binary_cross_entropy(x, y, weight=w, **o))
        exact = [In([0.0, 1, 0, 1, 0, 1, 1e-30, 0.5]), In([0.0, 1, 1, 0, 0.25, 0.75, 1, 0.5], grad=False)]
        s.case(f'binaryCrossEntropy {reduction} of 0 and 1', 'F.binaryCrossEntropy', [*exact, options],
               lambda x, y, o=options: F.binary_cross_entropy(x, y, **o), elementwise=reduction == 'none')
    s.case('mseLoss by default', 'F.mseLoss', [In(s.normal(5)), In(s.normal(5))], F.mse_loss)
    s.case('binaryCrossEntropy by default', 'F.binaryCrossEntropy',
           [In(s.uniform(0.1, 0.9, 5)), In([0.0, 1, 1, 0, 1], grad=False)], F.binary_cross_entropy)
    for p, training in [(0, True), (0.5, False), (1, True)]:
        s.case(f'dropout {p}, training {training}', 'F.dropout', [In(s.normal(3, 4)), {'p': p, 'training': training}],
               lambda x, p=p, t=training: F.dropout(x, p, t))
    for name in ('relu', 'sigmoid', 'tanh'):
        s.case(f'F.{name}', f'F.{name}', [In(s.normal(3, 4))], getattr(torch, name))


OPTIMIZERS = {
    'SGD': (torch.optim.SGD, [
        {'lr': 0.1}, {'lr': 0.05, 'weightDecay': 0.1}, {'lr': 0.1, 'momentum': 0.9},
        {'lr': 0.1, 'momentum': 0.9, 'dampening': 0.3}, {'lr': 0.1, 'momentum': 0.8, 'nesterov': True},
        {'lr': 0.1, 'momentum': 0.8, 'nesterov': True, 'weightDecay': 0.01}, {'lr': 0.1, 'maximize': True},
        {'lr': 0.05, 'momentum': 0.9, 'dampening': 0.1, 'weightDecay': 0.02, 'maximize': True},
    ]),
    'Adam': (torch.optim.Adam, [
        {}, {'lr': 0.1}, {'lr': 0.05, 'betas': [0.5, 0.8]}, {'lr': 0.05, 'eps': 0.1}, {'lr': 0.05, 'weightDecay': 0.1},
        {'lr': 0.1, 'amsgrad': True}, {'lr': 0.1, 'maximize': True}, {'lr': 0.1, 'betas': [0, 0]},
        {'lr': 0.05, 'betas': [0.8, 0.9], 'weightDecay': 0.1, 'amsgrad': True, 'maximize': True},
    ]),
}


def torch_options(options):
    return {{'weightDecay': 'weight_decay'}.get(k, k): v for k, v in options.items()}


def show(options):
    return ', '.join(f'{k} {v}' for k, v in options.items()) or 'by default'


def optimizers():
    """Parameters after each of 15 steps with given gradients; these become small and zero so that amsgrad makes a difference."""
    s = Suite('optimizers', 4)
    for name, (kind, variants) in OPTIMIZERS.items():
        for options in variants:
            starts = [s.normal(2, 3), s.normal(5)]
            gradients = [[s.normal(2, 3, scale=3 / (1 + i)), s.normal(5) * (i % 4 != 2)] for i in range(15)]
            params = [torch.from_numpy(p.copy()).requires_grad_() for p in starts]
            optimizer = kind(params, **{'lr': 0.001, **torch_options(options)})
            after = []
            for step in gradients:
                for p, g in zip(params, step):
                    p.grad = torch.from_numpy(g.astype(np.float32))
                optimizer.step()
                after.append([encode_array(p) for p in params])
            s.add({'name': f'{name} {show(options)}', 'optimizer': name, 'options': options,
                   'params': [encode_array(p) for p in starts],
                   'gradients': [[encode_array(g.astype(np.float32)) for g in step] for step in gradients],
                   'after': after})
    s.write()


def module(layer):
    kind, *args = layer
    if kind == 'Linear':
        return torch.nn.Linear(args[0], args[1], bias=len(args) < 3 or args[2])
    if kind in ('Softmax', 'LogSoftmax'):
        return getattr(torch.nn, kind)(dim=args[0])
    return getattr(torch.nn, kind)(*args)


LOSSES = {
    'MSELoss': torch.nn.MSELoss, 'BCELoss': torch.nn.BCELoss, 'CrossEntropyLoss': torch.nn.CrossEntropyLoss,
}


def models():
    """Output, loss, gradients and new parameters of three steps."""
    s = Suite('models', 5)

    def case(name, layers, x, target, loss, optimizer, options, lossOptions=None):
        torch.manual_seed(len(s.cases))
        model = torch.nn.Sequential(*[module(layer) for layer in layers])
        with torch.no_grad():
            for p in model.parameters():
                p.copy_(torch.from_numpy(s.normal(*p.shape, scale=0.7)))
        entry = {'name': name, 'layers': layers, 'loss': loss, 'lossOptions': lossOptions or {}, 'optimizer': optimizer,
                 'options': options, 'x': encode_array(x), 'target': encode_array(target),
                 'state': {k: encode_array(v) for k, v in model.state_dict().items()}, 'steps': []}
        criterion = LOSSES[loss](**{torch_name(k): v for k, v in (lossOptions or {}).items()})
        opt = OPTIMIZERS[optimizer][0](model.parameters(), **torch_options(options))
        truth = torch.from_numpy(target.astype(np.int64) if target.dtype.kind == 'i' else target)
        for _ in range(3):
            inputs = torch.from_numpy(x.copy()).requires_grad_()
            opt.zero_grad()
            output = model(inputs)
            value = criterion(output, truth)
            value.backward()
            gradients = {k: encode_array(p.grad.clone()) for k, p in model.named_parameters()}
            opt.step()
            entry['steps'].append({
                'output': encode_array(output), 'loss': encode_array(value), 'inputGradient': encode_array(inputs.grad),
                'gradients': gradients,
                'params': {k: encode_array(p.detach().clone()) for k, p in model.named_parameters()}})
        s.add(entry)

    case('Linear', [['Linear', 4, 3]], s.normal(5, 4), s.normal(5, 3), 'MSELoss', 'SGD', {'lr': 0.1})
    case('Linear without bias', [['Linear', 4, 3, False]], s.normal(5, 4), s.normal(5, 3), 'MSELoss', 'SGD', {'lr': 0.1})
    case('Linear of three dimensions', [['Linear', 4, 3]], s.normal(2, 3, 4), s.normal(2, 3, 3), 'MSELoss', 'Adam',
         {'lr': 0.01})
    case('MLP for classes', [['Linear', 6, 5], ['ReLU'], ['Linear', 5, 4], ['Tanh'], ['Linear', 4, 3]], s.normal(8, 6),
         s.whole(0, 3, 8), 'CrossEntropyLoss', 'Adam', {'lr': 0.05})
    case('MLP for classes, smoothed, summed', [['Flatten'], ['Linear', 6, 5], ['ReLU'], ['Linear', 5, 3]],
         s.normal(4, 2, 3), s.whole(0, 3, 4), 'CrossEntropyLoss', 'SGD',
         {'lr': 0.05, 'momentum': 0.9, 'nesterov': True}, {'labelSmoothing': 0.1, 'reduction': 'sum'})
    case('MLP for a probability', [['Linear', 3, 8], ['Sigmoid'], ['Linear', 8, 1], ['Sigmoid']], s.normal(6, 3),
         s.whole(0, 2, 6, 1).astype(np.float32), 'BCELoss', 'SGD', {'lr': 0.5, 'momentum': 0.5, 'weightDecay': 0.01})
    case('MLP with softmax', [['Linear', 3, 4], ['Softmax', 1], ['Linear', 4, 2], ['LogSoftmax', -1]], s.normal(5, 3),
         s.normal(5, 2), 'MSELoss', 'Adam', {'lr': 0.05, 'amsgrad': True})
    s.write()


def init():
    """Spread of initial values: bounds of uniform ones, standard deviations of normal ones."""
    s = Suite('init', 6)
    init = torch.nn.init
    names = {'linear': 'linear', 'sigmoid': 'sigmoid', 'tanh': 'tanh', 'relu': 'relu', 'leakyRelu': 'leaky_relu',
             'selu': 'selu'}
    for shape in ([64, 100], [100, 64], [16, 8, 3, 5], [40, 30, 7]):
        t = torch.empty(shape)
        fan_in, fan_out = init._calculate_fan_in_and_fan_out(t)
        for gain in (1, 0.5):
            label = f'{shape}, gain {gain}'
            s.add({'name': f'xavierUniform_ {label}', 'fn': 'xavierUniform_', 'shape': shape, 'args': [gain],
                   'bound': gain * math.sqrt(6 / (fan_in + fan_out))})
            s.add({'name': f'xavierNormal_ {label}', 'fn': 'xavierNormal_', 'shape': shape, 'args': [gain],
                   'std': gain * math.sqrt(2 / (fan_in + fan_out))})
        for options in ({}, {'mode': 'fanOut'}, {'a': math.sqrt(5)}, {'nonlinearity': 'relu', 'mode': 'fanIn'},
                        {'nonlinearity': 'tanh'}, {'nonlinearity': 'selu'}, {'a': 0.2, 'nonlinearity': 'leakyRelu'}):
            fan = init._calculate_correct_fan(t, {'fanOut': 'fan_out'}.get(options.get('mode'), 'fan_in'))
            gain = init.calculate_gain(names[options.get('nonlinearity', 'leakyRelu')], options.get('a', 0))
            label = f'{shape}, {show(options)}'
            s.add({'name': f'kaimingUniform_ {label}', 'fn': 'kaimingUniform_', 'shape': shape, 'args': [options],
                   'bound': math.sqrt(3) * gain / math.sqrt(fan)})
            s.add({'name': f'kaimingNormal_ {label}', 'fn': 'kaimingNormal_', 'shape': shape, 'args': [options],
                   'std': gain / math.sqrt(fan)})
    for name, other in names.items():
        s.add({'name': f'gain of {name}', 'fn': 'calculateGain', 'args': [name], 'gain': init.calculate_gain(other)})
    s.add({'name': 'gain of leakyRelu 0.3', 'fn': 'calculateGain', 'args': ['leakyRelu', 0.3],
           'gain': init.calculate_gain('leaky_relu', 0.3)})
    s.write()


def generate():
    s = Suite('losses', 3)
    linears(s)
    cross_entropies(s)
    losses(s)
    s.write()
    optimizers()
    models()
    init()
