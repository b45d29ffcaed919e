"""PyTorch's side of the whole networks: the models, and the weights that network.ts makes by the same formula."""
import numpy as np
import torch
import torch.nn as nn


def fractions(name, n):
    seed = sum(ord(letter) * (i + 1) for i, letter in enumerate(name)) * 78.233
    s = np.sin(np.arange(n) * 12.9898 + seed) * 43758.5453
    return s - np.floor(s)


def weight(name, shape):
    n = int(np.prod(shape))
    u = fractions(name, n)
    last = name.split(".")[-1]
    if len(shape) > 1:
        values = (2 * u - 1) * np.sqrt(6 / (n / shape[0]))
    elif last in ("weight", "running_var"):
        values = 0.5 + u
    else:
        values = (u - 0.5) * 0.1
    return torch.from_numpy(values.astype(np.float32).reshape(shape))


def cnn():
    modules = []
    for inputs, outputs in ((1, 32), (32, 64), (64, 128)):
        modules += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*modules, nn.Flatten(), nn.Linear(128 * 3 * 3, 10))


def resnet18():
    from torchvision.models import resnet18 as make

    return make()


def network(task):
    model = {"cnn": cnn, "resnet18": resnet18}[task["model"]]()
    state = model.state_dict()
    model.load_state_dict({k: weight(k, tuple(v.shape)) if v.is_floating_point() else v for k, v in state.items()})
    x = torch.from_numpy(np.fromfile(task["x"], dtype=np.float32).reshape(task["inputShape"]))
    if task["labels"] is None:
        model.eval()
        return lambda: model(x)
    labels = torch.from_numpy(np.fromfile(task["labels"], dtype=np.float32)).long()
    optimizer = torch.optim.Adam(model.parameters(), lr=task["lr"])

    def step():
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), labels)
        loss.backward()
        optimizer.step()
        return loss

    return step
