"""
What torchvision gives for image transforms whose choices are fixed, written to transforms.jsonl. Needs Debian's
python3-torchvision:

    /usr/bin/python3 test/golden/transforms.py
"""
import json
import os

import torch
from torchvision.transforms import functional as T
from torchvision.transforms import InterpolationMode as Mode
from torchvision import transforms as V

HERE = os.path.dirname(os.path.abspath(__file__))


def generate():
    g = torch.Generator().manual_seed(4)
    color = (torch.rand(3, 5, 7, generator=g) * 1000).round() / 1000
    gray = (torch.rand(1, 6, 4, generator=g) * 1000).round() / 1000
    cases = []

    def case(fn, args, image, result):
        flat = [round(float(x), 6) for x in result.reshape(-1)]
        cases.append({'fn': fn, 'args': args, 'shape': list(image.shape),
                      'image': [round(float(x), 3) for x in image.reshape(-1)],
                      'resultShape': list(result.shape), 'result': flat})

    for image in (color, gray):
        for size in (3, [3, 3], [9, 2], [12, 11], 8):
            for antialias in (True, False):
                case('Resize', [size, {'antialias': antialias}], image, T.resize(image, size, Mode.BILINEAR, antialias=antialias))
            case('Resize', [size, {'interpolation': 'nearest'}], image, T.resize(image, size, Mode.NEAREST))
        for size in (3, [2, 5], [9, 9], [8, 3]):
            case('CenterCrop', [size], image, T.center_crop(image, size))
        for angle in (17, 90, -200):
            case('RandomRotation', [[angle, angle], {'interpolation': 'bilinear'}], image,
                 T.rotate(image, angle, Mode.BILINEAR))
        case('RandomRotation', [[180, 180]], image, T.rotate(image, 180))
        case('RandomRotation', [[33, 33], {'fill': 0.5}], image, T.rotate(image, 33, fill=[0.5] * image.shape[0]))
        for name, fn in (('brightness', T.adjust_brightness), ('contrast', T.adjust_contrast),
                         ('saturation', T.adjust_saturation)):
            for factor in (0.4, 1.7):
                case('ColorJitter', [{name: [factor, factor]}], image, fn(image, factor))
        for turn in (0.3, -0.45, 0.5):
            case('ColorJitter', [{'hue': [turn, turn]}], image, T.adjust_hue(image, turn))
    case('Normalize', [[0.4, 0.5, 0.6], [0.2, 0.3, 0.1]], color, T.normalize(color, [0.4, 0.5, 0.6], [0.2, 0.3, 0.1]))
    case('RandomHorizontalFlip', [1], color, V.RandomHorizontalFlip(1)(color))
    case('RandomHorizontalFlip', [0], color, V.RandomHorizontalFlip(0)(color))
    path = os.path.join(HERE, 'transforms.jsonl')
    with open(path, 'w') as file:
        file.writelines(json.dumps(c, separators=(',', ':')) + '\n' for c in cases)
    print(f'transforms: {len(cases)} cases, {os.path.getsize(path)} bytes')


if __name__ == '__main__':
    generate()
