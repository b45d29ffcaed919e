"""
A safetensors file of PyTorch's tensors, with the bytes laid out as the format says (the safetensors package is not
needed), and its values:

    /usr/bin/python3 test/golden/safetensors.py
"""
import json
import os
import struct

import torch

HERE = os.path.dirname(os.path.abspath(__file__))
NAMES = {torch.float64: 'F64', torch.float32: 'F32', torch.float16: 'F16', torch.bfloat16: 'BF16', torch.int64: 'I64',
         torch.int32: 'I32', torch.int16: 'I16', torch.int8: 'I8', torch.uint8: 'U8', torch.bool: 'BOOL'}


def raw(t):
    t = t.contiguous()
    return bytes(t.view(torch.int16).numpy().tobytes() if t.dtype == torch.bfloat16 else t.numpy().tobytes())


def generate():
    g = torch.Generator().manual_seed(7)
    values = torch.randn(3, 4, generator=g)
    small = torch.tensor([0.0, -0.0, 1.0, -2.5, 65504.0, 6e-8, 6.1e-5, float('inf'), float('-inf'), float('nan')])
    tensors = {'layer.weight': values, 'half': small.half(), 'brain': small.bfloat16(), 'double': values.double() * 1e-3,
               'long': torch.tensor([[0, -1], [2**31 - 1, -2**31]]), 'int': torch.tensor([5, -6], dtype=torch.int32),
               'short': torch.tensor([300, -300], dtype=torch.int16), 'byte': torch.tensor([255, 0], dtype=torch.uint8),
               'signed': torch.tensor([-128, 127], dtype=torch.int8), 'mask': torch.tensor([True, False, True]),
               'scalar': torch.tensor(2.5), 'empty': torch.zeros(0, 3)}
    header, body = {'__metadata__': {'format': 'pt', 'made "by"': 'Πython {[,]}'}}, b''
    for name, t in tensors.items():
        data = raw(t)
        header[name] = {'dtype': NAMES[t.dtype], 'shape': list(t.shape), 'data_offsets': [len(body), len(body) + len(data)]}
        body += data
    text = json.dumps(header, ensure_ascii=False).encode()
    text += b' ' * (-len(text) % 8)
    with open(os.path.join(HERE, 'torch.safetensors'), 'wb') as file:
        file.write(struct.pack('<Q', len(text)) + text + body)
    kinds = {'F': 'float32', 'B': 'float32', 'I': 'int32', 'U': 'int32'}
    expected = {name: {'shape': list(t.shape), 'dtype': 'bool' if t.dtype == torch.bool else kinds[NAMES[t.dtype][0]],
                       'data': [str(x) for x in t.double().reshape(-1).tolist()]} for name, t in tensors.items()}
    with open(os.path.join(HERE, 'safetensors.json'), 'w') as file:
        json.dump(expected, file)
        file.write('\n')


if __name__ == '__main__':
    generate()
