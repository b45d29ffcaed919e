"""Optimizers besides SGD and Adam, and learning-rate schedules."""
import numpy as np
import torch

from fixture import Suite, encode_array

NAMES = {'weightDecay': 'weight_decay', 'lrDecay': 'lr_decay', 'initialAccumulatorValue': 'initial_accumulator_value',
         'momentumDecay': 'momentum_decay', 'stepSize': 'step_size', 'tMax': 'T_max', 'etaMin': 'eta_min', 't0': 'T_0',
         'tMult': 'T_mult', 'startFactor': 'start_factor', 'endFactor': 'end_factor', 'totalIters': 'total_iters', 'maxLr': 'max_lr',
         'totalSteps': 'total_steps', 'pctStart': 'pct_start', 'annealStrategy': 'anneal_strategy', 'cycleMomentum': 'cycle_momentum',
         'baseMomentum': 'base_momentum', 'maxMomentum': 'max_momentum', 'divFactor': 'div_factor', 'finalDivFactor': 'final_div_factor',
         'threePhase': 'three_phase', 'thresholdMode': 'threshold_mode', 'minLr': 'min_lr'}

OPTIMIZERS = {
    'AdamW': [{}, {'lr': 0.1}, {'lr': 0.05, 'weightDecay': 0.3}, {'lr': 0.05, 'betas': [0.5, 0.8], 'amsgrad': True, 'maximize': True}],
    'NAdam': [{}, {'lr': 0.1}, {'lr': 0.05, 'betas': [0.5, 0.8], 'weightDecay': 0.1}, {'lr': 0.05, 'momentumDecay': 0.1, 'eps': 0.1}],
    'RMSprop': [{}, {'lr': 0.05, 'alpha': 0.5}, {'lr': 0.05, 'momentum': 0.9}, {'lr': 0.05, 'centered': True},
                {'lr': 0.02, 'centered': True, 'momentum': 0.5, 'weightDecay': 0.1, 'eps': 0.01, 'maximize': True}],
    'Adagrad': [{}, {'lr': 0.3, 'lrDecay': 0.1}, {'lr': 0.3, 'initialAccumulatorValue': 0.5, 'weightDecay': 0.1}, {'lr': 0.1, 'eps': 0.1, 'maximize': True}],
    'Adadelta': [{}, {'lr': 0.5, 'rho': 0.5}, {'weightDecay': 0.1, 'eps': 0.01, 'maximize': True}],
}


def torch_options(options):
    return {NAMES.get(k, k): v for k, v in options.items()}


def show(options):
    return ', '.join(f'{k} {v}' for k, v in options.items()) or 'by default'


def optimizers():
    s = Suite('moreOptimizers', 51)
    for name, variants in OPTIMIZERS.items():
        for options in variants:
            starts = [s.normal(2, 3), s.normal(5)]
            gradients = [[s.normal(2, 3, scale=3 / (1 + i)), s.normal(5) * (i % 4 != 2)] for i in range(15)]
            params = [torch.from_numpy(p.copy()).requires_grad_() for p in starts]
            # In PyTorch 1.13 NAdam for single tensors applies the last momentum twice; the version for lists is right,
            # and so are later releases.
            lists = {'foreach': True} if name == 'NAdam' else {}
            optimizer = getattr(torch.optim, name)(params, **torch_options(options), **lists)
            after = []
            for step in gradients:
                for p, g in zip(params, step):
                    p.grad = torch.from_numpy(g.astype(np.float32))
                optimizer.step()
                after.append([encode_array(p) for p in params])
            s.add({'name': f'{name} {show(options)}', 'optimizer': name, 'options': options,
                   'params': [encode_array(p) for p in starts],
                   'gradients': [[encode_array(g.astype(np.float32)) for g in step] for step in gradients], 'after': after})
    s.write()


SCHEDULES = [
    ('StepLR', {'stepSize': 7}), ('StepLR', {'stepSize': 3, 'gamma': 0.5}), ('MultiStepLR', {'milestones': [3, 10, 25], 'gamma': 0.3}),
    ('ExponentialLR', {'gamma': 0.9}), ('CosineAnnealingLR', {'tMax': 12}), ('CosineAnnealingLR', {'tMax': 40, 'etaMin': 0.01}),
    ('CosineAnnealingWarmRestarts', {'t0': 7}), ('CosineAnnealingWarmRestarts', {'t0': 3, 'tMult': 2, 'etaMin': 0.02}),
    ('LinearLR', {}), ('LinearLR', {'startFactor': 0.1, 'endFactor': 0.7, 'totalIters': 20}),
    ('OneCycleLR', {'maxLr': 0.5, 'totalSteps': 41}), ('OneCycleLR', {'maxLr': 0.5, 'totalSteps': 41, 'annealStrategy': 'linear', 'pctStart': 0.5,
     'divFactor': 10, 'finalDivFactor': 100, 'baseMomentum': 0.7, 'maxMomentum': 0.9}), ('OneCycleLR', {'maxLr': 0.5, 'totalSteps': 41, 'threePhase': True, 'cycleMomentum': False}),
]


def schedules():
    s = Suite('schedules', 52)

    def make():
        p, q = torch.zeros(1, requires_grad=True), torch.zeros(1, requires_grad=True)
        return torch.optim.SGD([{'params': [p]}, {'params': [q], 'lr': 0.3}], lr=0.1, momentum=0.5)

    def walk(optimizer, step):
        rates, momenta = [], []
        for epoch in range(40):
            rates.append([g['lr'] for g in optimizer.param_groups])
            momenta.append(optimizer.param_groups[0]['momentum'])
            optimizer.step()
            step(epoch)
        return {'rates': rates, 'momenta': momenta}
    for name, options in SCHEDULES:
        optimizer = make()
        scheduler = getattr(torch.optim.lr_scheduler, name)(optimizer, **torch_options(options))
        s.add({'name': f'{name} {show(options)}', 'scheduler': name, 'options': options, **walk(optimizer, lambda e: scheduler.step())})
    optimizer = make()
    L = torch.optim.lr_scheduler
    chain = L.SequentialLR(optimizer, [L.LinearLR(optimizer, 0.1, total_iters=4), L.ExponentialLR(optimizer, 0.9), L.StepLR(optimizer, 5)], [4, 15])
    s.add({'name': 'SequentialLR', 'scheduler': 'SequentialLR', 'options': {}, **walk(optimizer, lambda e: chain.step())})
    optimizer = make()
    ramp = L.LambdaLR(optimizer, [lambda e: 1 / (1 + e), lambda e: 0.95 ** e])
    s.add({'name': 'LambdaLR', 'scheduler': 'LambdaLR', 'options': {}, **walk(optimizer, lambda e: ramp.step())})
    together = [
        [('LinearLR', {'startFactor': 0.2, 'totalIters': 6}), ('ExponentialLR', {'gamma': 0.9})],
        [('CosineAnnealingLR', {'tMax': 10, 'etaMin': 0.01}), ('StepLR', {'stepSize': 4, 'gamma': 0.5})],
        [('ExponentialLR', {'gamma': 0.95}), ('CosineAnnealingLR', {'tMax': 7})],
        [('StepLR', {'stepSize': 3, 'gamma': 0.8}), ('MultiStepLR', {'milestones': [0, 5, 5, 12], 'gamma': 0.5})],
        [('ExponentialLR', {'gamma': 0.95}), ('LinearLR', {'startFactor': 0.5, 'totalIters': 9})],
        [('LinearLR', {'totalIters': 3}), ('CosineAnnealingWarmRestarts', {'t0': 5})],
    ]
    for several in together:
        for by_hand in (False, True):
            optimizer = make()
            made = [getattr(L, name)(optimizer, **torch_options(options)) for name, options in several]

            def step(epoch):
                for each in made:
                    each.step()
                if by_hand and epoch in (5, 20):
                    for group in optimizer.param_groups:
                        group['lr'] *= 0.3
            s.add({'name': ' and '.join(f'{name} {show(options)}' for name, options in several) + (', changed by hand' if by_hand else ''),
                   'scheduler': 'together', 'options': {'several': [list(x) for x in several], 'byHand': by_hand}, **walk(optimizer, step)})
    metrics = [round(float(x), 4) for x in 1 / (1 + np.arange(40) * 0.3) + 0.2 * (s.rng.random(40) > 0.5) + 0.4]
    for options in [{'patience': 2}, {'patience': 1, 'factor': 0.5, 'cooldown': 3, 'minLr': 0.02}, {'mode': 'max', 'patience': 3, 'factor': 0.3},
                    {'patience': 0, 'threshold': 0.1, 'thresholdMode': 'abs', 'factor': 0.7}]:
        optimizer = make()
        plateau = L.ReduceLROnPlateau(optimizer, **torch_options(options))
        s.add({'name': f'ReduceLROnPlateau {show(options)}', 'scheduler': 'ReduceLROnPlateau', 'options': options, 'metrics': metrics,
               **walk(optimizer, lambda e: plateau.step(metrics[e]))})
    s.write()


def bilinear():
    s = Suite('layers', 53)
    for lead in [(3,), (2, 3), ()]:
        for bias in (True, False):
            layer = torch.nn.Bilinear(4, 2, 3, bias=bias)
            a, b = torch.from_numpy(s.normal(*lead, 4)), torch.from_numpy(s.normal(*lead, 2))
            s.add({'name': f'Bilinear {list(lead)} {bias}', 'sizes': [4, 2, 3], 'bias': bias,
                   'state': {k: encode_array(v) for k, v in layer.state_dict().items()}, 'inputs': [encode_array(a), encode_array(b)],
                   'output': encode_array(layer(a, b))})
    s.write()


def lbfgs():
    """Paths in float64: the function of Rosenbrock, and a small network, one `step` after the other."""
    s = Suite('lbfgs', 54)
    x, y = s.normal(12, 3), s.normal(12, 2)
    starts = {'rosenbrock': [np.array([-1.2, 1, 0.5], np.float32)],
              'network': [s.normal(4, 3, scale=0.5), s.normal(4, scale=0.5), s.normal(2, 4, scale=0.5), s.normal(2, scale=0.5)]}

    def rosenbrock(p):
        return (100 * (p[1:] - p[:-1] ** 2) ** 2 + (1 - p[:-1]) ** 2).sum()

    def network(w1, b1, w2, b2):
        hidden = torch.tanh(torch.from_numpy(x).double() @ w1.T + b1)
        return ((hidden @ w2.T + b2 - torch.from_numpy(y).double()) ** 2).mean()
    wolfe = {'lineSearchFn': 'strong_wolfe'}
    cases = [('rosenbrock', rosenbrock, o) for o in (
        {**wolfe, 'maxIter': 4}, {**wolfe, 'maxIter': 1, 'historySize': 2, 'lr': 0.5}, {'lr': 0.002, 'maxIter': 3}, {'maxIter': 5, 'lr': 0.1, 'historySize': 3},
        {**wolfe})]
    cases += [('network', network, o) for o in ({**wolfe, 'maxIter': 3}, {'lr': 0.1, 'maxIter': 2}, {'lr': 0.5, 'maxIter': 4, 'maxEval': 3},
                                                {**wolfe, 'maxIter': 2, 'historySize': 1, 'toleranceChange': 1e-4})]
    names = {'lineSearchFn': 'line_search_fn', 'maxIter': 'max_iter', 'maxEval': 'max_eval', 'historySize': 'history_size',
             'toleranceChange': 'tolerance_change'}
    for kind, f, options in cases:
        params = [torch.from_numpy(p.copy()).double().requires_grad_() for p in starts[kind]]
        optimizer = torch.optim.LBFGS(params, **{names.get(k, k): v for k, v in options.items()})

        def closure():
            optimizer.zero_grad()
            loss = f(*params)
            loss.backward()
            return loss
        losses, after = [], []
        for _ in range(14):
            losses.append(float(optimizer.step(closure)))
            after.append([encode_array(p) for p in params])
        state = optimizer.state[params[0]]
        s.add({'name': f'{kind}, {show(options)}', 'kind': kind, 'options': options, 'params': [encode_array(p.astype(np.float32)) for p in starts[kind]],
               'data': [encode_array(x), encode_array(y)], 'losses': losses, 'after': after,
               'evaluations': state['func_evals'], 'iterations': state['n_iter']})
    s.write()


def generate():
    optimizers()
    schedules()
    bilinear()
    lbfgs()
