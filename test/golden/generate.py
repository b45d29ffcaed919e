"""
Makes the fixtures: what PyTorch gives for every operation, layer, loss and optimizer. Run by hand, with Debian's
python3-torch; the files are committed:

    /usr/bin/python3 test/golden/generate.py
"""
import sys
import warnings

import torch

sys.dont_write_bytecode = True

import conv  # noqa: E402
import elementwise  # noqa: E402
import learning  # noqa: E402
import norm  # noqa: E402
import pool  # noqa: E402
import tensors  # noqa: E402
import vision  # noqa: E402

warnings.filterwarnings('ignore')
torch.manual_seed(0)
torch.set_num_threads(1)
for part in (elementwise, tensors, learning, conv, pool, norm, vision):
    part.generate()
