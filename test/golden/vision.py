"""torchvision's models with weights from a formula, which test/models/ also computes: logits, and gradients in training."""
import math

import numpy as np
import torch
import torchvision

from fixture import Raw, Suite, encode_array, number, weights

CLASSES = 7
SHOWN = 40


def hashed(n, seed):
    """Numbers in [−1, 1) that look random: 32-bit integers multiplied and shifted, so that they are the same everywhere."""
    u = (np.arange(1, n + 1, dtype=np.uint64) * 2654435761 + seed * 40503) & 0xFFFFFFFF
    u = ((u ^ (u >> np.uint64(15))) * np.uint64(0x2C1B3C6D)) & np.uint64(0xFFFFFFFF)
    u = u ^ (u >> np.uint64(12))
    return u.astype(np.float64) / 2 ** 31 - 1


def fill(model):
    for seed, (name, t) in enumerate(model.state_dict().items()):
        if name.endswith('num_batches_tracked'):
            continue
        h = hashed(t.numel(), seed)
        if t.ndim > 1:
            values = h * math.sqrt(6 / (t.numel() / t.shape[0]))
        elif name.endswith('running_var') or name.endswith('weight'):
            values = 1 + 0.2 * h
        else:
            values = 0.1 * h
        t.copy_(torch.from_numpy(values.astype(np.float32).reshape(t.shape)))


def first(t):
    t = t.detach().float().reshape(-1)
    return {**encode_array(t[:SHOWN]), 'largest': Raw(number(t.abs().max().item()))}


def generate():
    s = Suite('vision', 14)
    shown = {
        'resnet18': ['conv1.weight', 'bn1.weight', 'layer2.0.downsample.0.weight', 'layer4.1.bn2.bias', 'fc.weight'],
        'mobilenetV2': ['features.0.0.weight', 'features.1.conv.0.1.bias', 'features.7.conv.1.0.weight', 'classifier.1.weight'],
    }
    for name, make, size in [('resnet18', torchvision.models.resnet18, 64), ('mobilenetV2', torchvision.models.mobilenet_v2, 64)]:
        model = make(num_classes=CLASSES)
        with torch.no_grad():
            fill(model)
        x = torch.from_numpy(hashed(4 * 3 * size * size, 999).astype(np.float32).reshape(4, 3, size, size))
        entry = {'name': name, 'classes': CLASSES, 'x': list(x.shape), 'keys': list(model.state_dict()),
                 'logits': encode_array(model.eval()(x))}
        # In double precision: where rounding decides on which side of a ReLU a number falls, gradients in float32 are
        # far off.
        model.double().train()
        for module in model.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = 0
        y = model(x.double())
        (y * weights(tuple(y.shape))).sum().backward()
        params = dict(model.named_parameters())
        state = model.state_dict()
        entry['training'] = encode_array(y.float())
        entry['gradients'] = {k: first(params[k].grad) for k in shown[name]}
        running = [k for k in state if k.endswith('running_var')]
        entry['running'] = {k: first(state[k]) for k in (running[0], running[-1])}
        s.add(entry)
    s.write()
