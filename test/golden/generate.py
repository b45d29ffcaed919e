"""
Makes the fixtures: what PyTorch gives for every operation, layer, loss and optimizer, scikit-learn for every metric,
and torchvision for image transforms. Run by hand, with Debian's python3-torch, python3-torchvision and python3-sklearn; the
files are committed:

    /usr/bin/python3 test/golden/generate.py
"""
import sys
import warnings

import torch

sys.dont_write_bytecode = True

import activations  # noqa: E402
import attention  # noqa: E402
import conv  # noqa: E402
import datasets  # noqa: E402
import elementwise  # noqa: E402
import embedding  # noqa: E402
import estimators  # noqa: E402
import learning  # noqa: E402
import loops  # noqa: E402
import metrics  # noqa: E402
import more_losses  # noqa: E402
import norm  # noqa: E402
import onnx_models  # noqa: E402
import pool  # noqa: E402
import rearrange  # noqa: E402
import recurrent  # noqa: E402
import safetensors  # noqa: E402
import tensors  # noqa: E402
import training  # noqa: E402
import transforms  # noqa: E402
import vision  # noqa: E402

warnings.filterwarnings('ignore')
torch.manual_seed(0)
torch.set_num_threads(1)
for part in (
    elementwise, tensors, learning, conv, pool, norm, vision,
    metrics, transforms, datasets, safetensors, estimators, recurrent, embedding,
    rearrange, activations, more_losses, training, attention, onnx_models, loops,
):
    part.generate()
