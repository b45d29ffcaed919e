"""
Writes src/data/sets/ from the files that scikit-learn ships, and the sums of its numbers (datasets.json) for the tests.
Needs Debian's python3-sklearn:

    /usr/bin/python3 test/golden/datasets.py
"""
import json
import os

from sklearn import datasets

HERE = os.path.dirname(os.path.abspath(__file__))
SETS = os.path.join(HERE, '..', '..', 'src', 'data', 'sets')
HEAD = ("/** {}. Facts from the UCI Machine Learning Repository, as in scikit-learn (BSD 3-Clause);"
        " made by test/golden/datasets.py. */\n")


def text(x):
    short = repr(float(x))
    short = short[:-2] if short.endswith('.0') else short
    return short[1:] if short.startswith('0.') else short


def write(name, body):
    with open(os.path.join(SETS, f'{name}.ts'), 'w') as file:
        file.write(body)


def quoted(names):
    return '[\n' + ''.join(f"    '{n}',\n" for n in names) + '  ]'


def table(name, title, bunch):
    rows = '\n'.join(','.join([*map(text, row), str(y)]) for row, y in zip(bunch.data, bunch.target))
    write(name, HEAD.format(title) + "import type { StoredSet } from './stored.ts';\n\n"
          + f'export const {name}: StoredSet = {{\n'
          + f'  featureNames: {quoted(bunch.feature_names)},\n'
          + f'  targetNames: {quoted(bunch.target_names)},\n'
          + f'  rows: `\n{rows}`,\n}};\n')


def generate():
    os.makedirs(SETS, exist_ok=True)
    loaded = {'iris': datasets.load_iris(), 'breastCancer': datasets.load_breast_cancer(), 'wine': datasets.load_wine(),
              'digits': datasets.load_digits()}
    for name, title in (('iris', 'Iris'), ('breastCancer', 'Breast Cancer Wisconsin (diagnostic)'), ('wine', 'Wine')):
        table(name, title, loaded[name])
    digits = loaded['digits']
    lines = (''.join('0123456789abcdefg'[int(p)] for p in row) + str(y) for row, y in zip(digits.data, digits.target))
    write('digits', HEAD.format('Handwritten digits: 64 pixels of base 17 and the class in each line')
          + 'export const digits = `\n' + '\n'.join(lines) + '`;\n')
    sums = {name: {'shape': list(b.data.shape), 'columns': [float(x) for x in b.data.sum(axis=0)],
                   'classes': [int((b.target == c).sum()) for c in range(len(b.target_names))],
                   'last': [float(x) for x in b.data[-1]]} for name, b in loaded.items()}
    with open(os.path.join(HERE, 'datasets.json'), 'w') as file:
        json.dump(sums, file)
        file.write('\n')


if __name__ == '__main__':
    generate()
