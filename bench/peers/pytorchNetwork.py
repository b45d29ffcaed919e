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
        values = (2 * u - 1) * (0.12 if "_ih" in name or "_hh" in name else np.sqrt(6 / (n / shape[0])))
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


def mlp():
    return nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10))


def resnet18():
    from torchvision.models import resnet18 as make

    return make()


class Recurrent(nn.Module):
    def __init__(self, layer):
        super().__init__()
        self.layer = layer(1, 50, batch_first=True)
        self.head = nn.Linear(50, 1)

    def forward(self, x):
        return self.head(self.layer(x)[0][:, -1])


class Sentiment(nn.Module):
    def __init__(self, vocabulary):
        super().__init__()
        self.words = nn.Embedding(vocabulary, 128)
        self.layer = nn.LSTM(128, 128, batch_first=True)
        self.head = nn.Linear(128, 1)

    def forward(self, x):
        return self.head(self.layer(self.words(x))[0][:, -1])


class OneStep(nn.Module):
    def __init__(self, layer):
        super().__init__()
        self.layer = layer(128, 128)

    def forward(self, x):
        return self.layer(x)[0]


def build(task):
    return {
        "mlp": mlp,
        "cnn": cnn,
        "resnet18": resnet18,
        "lstm": lambda: Recurrent(nn.LSTM),
        "gru": lambda: Recurrent(nn.GRU),
        "rnn": lambda: Recurrent(nn.RNN),
        "sentiment": lambda: Sentiment(task["vocabulary"]),
        "embedding": lambda: nn.Embedding(task["vocabulary"], 128),
        "lstmCell": lambda: OneStep(nn.LSTMCell),
        "lstmLayer": lambda: OneStep(nn.LSTM),
    }[task["model"]]()


def loss_of(kind, output, wanted):
    if kind == "mean":
        return output.mean()
    if kind == "crossEntropy":
        return nn.functional.cross_entropy(output, wanted.long())
    column = output.squeeze(1)
    if kind == "mse":
        return nn.functional.mse_loss(column, wanted)
    return nn.functional.binary_cross_entropy_with_logits(column, wanted)


def network(task):
    model = build(task)
    state = model.state_dict()
    model.load_state_dict({k: weight(k, tuple(v.shape)) if v.is_floating_point() else v for k, v in state.items()})
    x = torch.from_numpy(np.fromfile(task["x"], dtype=np.float32).reshape(task["inputShape"]))
    if task["integers"]:
        x = x.long()
    if task["loss"] is None:
        model.eval()
        return lambda: model(x)
    wanted = None if task["wanted"] is None else torch.from_numpy(np.fromfile(task["wanted"], dtype=np.float32))
    make = torch.optim.SGD if task["optimizer"] == "sgd" else torch.optim.Adam
    optimizer = make(model.parameters(), lr=task["lr"])

    def step():
        optimizer.zero_grad()
        loss = loss_of(task["loss"], model(x), wanted)
        loss.backward()
        optimizer.step()
        return loss

    return step
