"""Runs PyTorch's side of the benchmarks, for bench/peers/pytorch.ts: pytorch.py THREADS.

One JSON object a line comes in on standard input, one goes out on standard output. Arrays travel as files of float32.
The times are taken here, so that they hold no pipe and no JSON.
"""
import json
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

from pytorchNetwork import network

torch.set_num_threads(int(sys.argv[1]))
prepared = {}


def array(path, shape):
    return torch.from_numpy(np.fromfile(path, dtype=np.float32).reshape(shape))


def gemm(task):
    m, n, k = task["m"], task["n"], task["k"]
    a = array(task["a"], (k, m) if task["transA"] else (m, k))
    b = array(task["b"], (n, k) if task["transB"] else (k, n))
    a = a.t() if task["transA"] else a
    b = b.t() if task["transB"] else b
    return lambda: torch.matmul(a, b)


def elementwise(task):
    op, rows, cols = task["op"], task["rows"], task["cols"]
    x = array(task["x"], (rows, cols))
    if op in ("add", "addRow"):
        other = array(task["other"], (cols,) if op == "addRow" else (rows, cols))
        return lambda: x + other
    if op == "softmax":
        return lambda: torch.softmax(x, 1)
    fn = getattr(torch, op)
    return lambda: fn(x)


def conv(task):
    batch, size, out = task["batch"], task["size"], task["outSize"]
    inputs, outputs, kernel, groups = task["inChannels"], task["outChannels"], task["kernel"], task["groups"]
    x = array(task["x"], (batch, inputs, size, size))
    w = array(task["weight"], (outputs, inputs // groups, kernel, kernel))

    def call():
        return F.conv2d(x, w, None, task["stride"], task["padding"], 1, groups)

    if task["g"] is None:
        return call
    g = array(task["g"], (batch, outputs, out, out))
    x.requires_grad_()
    w.requires_grad_()

    def both():
        with torch.enable_grad():
            y = call()
            return torch.cat([t.detach().flatten() for t in (y, *torch.autograd.grad(y, (x, w), g))])

    return both


def planes(task):
    op, batch, channels, height, width = (task[k] for k in ("op", "batch", "channels", "height", "width"))
    x = array(task["x"], (batch, channels, height, width))
    if op == "maxPool":
        return lambda: F.max_pool2d(x, 2)
    x.requires_grad_()
    g = np.fromfile(task["g"], dtype=np.float32)

    def step():
        with torch.enable_grad():
            y = F.max_pool2d(x, 2) if op == "maxPoolTraining" else F.batch_norm(x, None, None, training=True)
            return torch.autograd.grad(y, x, torch.from_numpy(g[: y.numel()].reshape(y.shape)))[0]

    return step


def train(task):
    activations = {"relu": torch.nn.ReLU, "sigmoid": torch.nn.Sigmoid, "tanh": torch.nn.Tanh}
    modules = []
    for layer in task["layers"]:
        linear = torch.nn.Linear(layer["inputs"], layer["outputs"])
        with torch.no_grad():
            linear.weight.copy_(array(layer["weight"], linear.weight.shape))
            linear.bias.copy_(array(layer["bias"], linear.bias.shape))
        modules.append(linear)
        if layer.get("activation"):
            modules.append(activations[layer["activation"]]())
    model = torch.nn.Sequential(*modules)
    make = torch.optim.Adam if task["optimizer"] == "adam" else torch.optim.SGD
    optimizer = make(model.parameters(), lr=task["lr"])
    x = array(task["x"], (task["batch"], -1))
    y = array(task["y"], (task["batch"], -1))
    if task["loss"] == "crossEntropy":
        y = y.flatten().long()
    criterion = F.cross_entropy if task["loss"] == "crossEntropy" else F.mse_loss

    def step():
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return step


kinds = {
    "gemm": gemm,
    "elementwise": elementwise,
    "conv": conv,
    "planes": planes,
    "train": train,
    "network": network,
}


def trains(task):
    return task["kind"] == "train" or (task["kind"] == "network" and task["loss"] is not None)


def answer(request):
    command, handle = request["command"], request.get("handle")
    if command == "version":
        return {"version": torch.__version__, "threads": torch.get_num_threads()}
    if command == "setup":
        kind = request["task"]["kind"]
        prepared[handle] = (kinds[kind](request["task"]), not trains(request["task"]))
        return {}
    if command == "dispose":
        del prepared[handle]
        return {}
    run, frozen = prepared[handle]
    with torch.set_grad_enabled(not frozen):
        if command == "output":
            values = [run() for _ in range(request["calls"])]
            flat = np.concatenate([v.detach().numpy().astype(np.float32).ravel() for v in values])
            flat.tofile(request["path"])
            return {}
        start = time.perf_counter()
        for _ in range(request["reps"]):
            run()
        return {"ms": (time.perf_counter() - start) * 1000}


for line in sys.stdin:
    try:
        reply = answer(json.loads(line))
    except Exception as error:
        reply = {"error": str(error)}
    print(json.dumps(reply), flush=True)
