"""Training loops that carry values from one batch to the next, and what they have at their end."""
import numpy as np
import torch
import torch.nn.functional as F

from fixture import Suite, encode_array

EPOCHS = 3
DECAY = 0.9


def state_of(module):
    return {name: encode_array(value.clone()) for name, value in module.state_dict().items()}


def fill(s, module):
    with torch.no_grad():
        for p in module.parameters():
            p.copy_(torch.from_numpy(s.normal(*p.shape, scale=0.6)))


def classifier(s):
    """A sum of losses, a moving average of outputs, and all predictions of the last epoch."""
    x, y = s.normal(22, 3), s.whole(0, 4, 22)
    batch, lr = 8, 0.03
    model = torch.nn.Sequential(torch.nn.Linear(3, 6), torch.nn.Tanh(), torch.nn.Linear(6, 4))
    fill(s, model)
    before = state_of(model)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    losses, total, average = [], torch.tensor(0.0), torch.zeros(4)
    for _ in range(EPOCHS):
        predictions = []
        for at in range(0, len(x), batch):
            inputs, labels = torch.from_numpy(x[at:at + batch]), torch.from_numpy(y[at:at + batch]).long()
            optimizer.zero_grad()
            output = model(inputs)
            loss = F.cross_entropy(output, labels)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            total = total + loss.detach()
            average = average * DECAY + output.detach().mean(0) * (1 - DECAY)
            predictions.append(output.detach())
    s.add({'name': 'classifier', 'x': encode_array(x), 'y': encode_array(y), 'batch': batch, 'epochs': EPOCHS, 'lr': lr,
           'decay': DECAY, 'before': before, 'losses': encode_array(np.array(losses, dtype=np.float32)),
           'total': encode_array(total), 'average': encode_array(average),
           'predictions': encode_array(torch.cat(predictions)), 'after': state_of(model)})


def recurrent(s):
    """A long sequence in pieces: the state of an LSTM goes on from piece to piece."""
    steps, sequences, piece, lr = 20, 3, 4, 0.1
    x, y = s.normal(steps, sequences, 2), s.normal(steps, sequences, 1)
    layer, head = torch.nn.LSTM(2, 5), torch.nn.Linear(5, 1)
    for module in (layer, head):
        fill(s, module)
    before = {'layer': state_of(layer), 'head': state_of(head)}
    optimizer = torch.optim.SGD([*layer.parameters(), *head.parameters()], lr=lr, momentum=0.9)
    h, c = torch.zeros(1, sequences, 5), torch.zeros(1, sequences, 5)
    losses = []
    for at in range(0, steps, piece):
        optimizer.zero_grad()
        output, (h, c) = layer(torch.from_numpy(x[at:at + piece]), (h, c))
        loss = F.mse_loss(head(output), torch.from_numpy(y[at:at + piece]))
        loss.backward()
        optimizer.step()
        h, c = h.detach(), c.detach()
        losses.append(loss.item())
    s.add({'name': 'recurrent', 'x': encode_array(x), 'y': encode_array(y), 'piece': piece, 'lr': lr, 'before': before,
           'losses': encode_array(np.array(losses, dtype=np.float32)), 'h': encode_array(h), 'c': encode_array(c),
           'after': {'layer': state_of(layer), 'head': state_of(head)}})


def accumulated(s):
    """One backward for the losses of all batches together: each batch's graph lives until the end."""
    x, y = s.normal(12, 3), s.normal(12, 1)
    batch, lr = 4, 0.2
    model = torch.nn.Linear(3, 1)
    fill(s, model)
    before = state_of(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    losses = []
    for _ in range(EPOCHS):
        optimizer.zero_grad()
        total = torch.tensor(0.0)
        for at in range(0, len(x), batch):
            total = total + F.mse_loss(model(torch.from_numpy(x[at:at + batch])), torch.from_numpy(y[at:at + batch]))
        total.backward()
        optimizer.step()
        losses.append(total.item())
    s.add({'name': 'accumulated', 'x': encode_array(x), 'y': encode_array(y), 'batch': batch, 'epochs': EPOCHS, 'lr': lr,
           'before': before, 'losses': encode_array(np.array(losses, dtype=np.float32)), 'after': state_of(model)})


def generate():
    s = Suite('loops', 71)
    classifier(s)
    recurrent(s)
    accumulated(s)
    s.write()
