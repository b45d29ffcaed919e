"""
What scikit-learn gives for every metric, written to metrics.jsonl. Needs Debian's python3-sklearn:

    /usr/bin/python3 test/golden/metrics.py
"""
import json
import math
import os
import warnings

import numpy as np
from sklearn import metrics as m

HERE = os.path.dirname(os.path.abspath(__file__))
rng = np.random.default_rng(5)
cases = []

SNAKE = {'posLabel': 'pos_label', 'zeroDivision': 'zero_division', 'multiClass': 'multi_class', 'outputDict': 'output_dict',
         'targetNames': 'target_names', 'dropIntermediate': 'drop_intermediate'}
VALUES = {'uniformAverage': 'uniform_average', 'rawValues': 'raw_values', 'varianceWeighted': 'variance_weighted'}
FUNCTIONS = {'accuracy': m.accuracy_score, 'topK': m.top_k_accuracy_score, 'precision': m.precision_score,
             'recall': m.recall_score, 'f1': m.f1_score, 'confusionMatrix': m.confusion_matrix,
             'classificationReport': m.classification_report, 'rocCurve': m.roc_curve, 'rocAuc': m.roc_auc_score,
             'prCurve': m.precision_recall_curve, 'averagePrecision': m.average_precision_score, 'logLoss': m.log_loss,
             'meanAbsoluteError': m.mean_absolute_error, 'meanSquaredError': m.mean_squared_error, 'r2': m.r2_score}
KEYS = {'rocCurve': ['fpr', 'tpr', 'thresholds'], 'prCurve': ['precision', 'recall', 'thresholds']}


def plain(x):
    if isinstance(x, dict):
        return {k: plain(v) for k, v in x.items()}
    if isinstance(x, (list, tuple, np.ndarray)):
        return [plain(v) for v in x]
    if isinstance(x, np.generic):
        x = x.item()
    if isinstance(x, float) and not math.isfinite(x):
        return 'nan' if math.isnan(x) else 'inf' if x > 0 else '-inf'
    return x


def case(fn, y_true, y_pred, **options):
    # The default of zeroDivision is 0: scikit-learn's 'warn' is 0 with a warning.
    theirs = {SNAKE.get(k, k): VALUES.get(v, v) if isinstance(v, str) else v for k, v in options.items()}
    result = FUNCTIONS[fn](np.array(y_true), np.array(y_pred), **theirs)
    if fn in KEYS:
        result = dict(zip(KEYS[fn], result))
        if fn == 'rocCurve':
            # Since 1.3 scikit-learn writes infinity there.
            result['thresholds'][0] = math.inf
    cases.append({'fn': fn, 'yTrue': plain(y_true), 'yPred': plain(y_pred), 'options': plain(options), 'result': plain(result)})


def classes(names, n, missing=()):
    truth = [names[i] for i in rng.integers(0, len(names), n)]
    guess = [t if rng.random() < 0.6 else names[rng.integers(0, len(names))] for t in truth]
    return truth, [g if g not in missing else names[0] for g in guess]


def probabilities(truth, n):
    p = rng.random((len(truth), n))
    for i, t in enumerate(truth):
        p[i, t] += 0.7
    p = np.round(p / p.sum(axis=1, keepdims=True), 4)
    p[:, -1] = 1 - p[:, :-1].sum(axis=1)
    return p


def generate():
    warnings.filterwarnings('ignore')
    binary = classes([0, 1], 24)
    three = classes([0, 1, 2], 30)
    words = classes(['ant', 'bee', 'cat', 'dormouse'], 40)
    unpredicted = classes([0, 1, 2], 20, missing=[2])
    signs = classes([-1, 1], 15)

    for pair in (binary, three, words, unpredicted, signs):
        case('accuracy', *pair)
        case('confusionMatrix', *pair)
        for normalize in ('true', 'pred', 'all'):
            case('confusionMatrix', *pair, normalize=normalize)
        for fn in ('precision', 'recall', 'f1'):
            for average in ('micro', 'macro', 'weighted', None):
                case(fn, *pair, average=average)
        case('classificationReport', *pair)
        case('classificationReport', *pair, outputDict=True, digits=4)
    case('accuracy', *three, normalize=False)
    case('confusionMatrix', *three, labels=[2, 0])
    case('confusionMatrix', *three, labels=[0, 1, 2, 7], normalize='true')
    for fn in ('precision', 'recall', 'f1'):
        case(fn, *binary)
        case(fn, *binary, posLabel=0)
        case(fn, *signs, posLabel=-1)
        case(fn, *classes(['no', 'yes'], 12), average='binary', posLabel='yes')
        case(fn, [0, 0, 0], [0, 0, 0])
        case(fn, [0, 0, 1], [0, 0, 0])
        for zero in (0, 1):
            case(fn, [0, 0, 0], [0, 0, 0], zeroDivision=zero)
            case(fn, [0, 0, 1], [0, 0, 0], zeroDivision=zero)
            for average in ('macro', 'weighted', 'micro', None):
                case(fn, *unpredicted, average=average, zeroDivision=zero)
                case(fn, *three, average=average, labels=[2, 5, 1], zeroDivision=zero)
                case(fn, *three, average=average, labels=[7], zeroDivision=zero)
    case('classificationReport', *three, targetNames=['setosa', 'versicolor', 'a very long name'], digits=3)
    case('classificationReport', *three, labels=[1, 2], outputDict=True)
    case('classificationReport', *three, labels=[1, 2])
    case('classificationReport', *unpredicted, zeroDivision=1)
    case('classificationReport', *classes([0, 1], 1500), digits=5)

    scores = np.round(rng.normal(size=24) + np.array(binary[0]), 1)
    for fn in ('rocCurve', 'prCurve', 'rocAuc', 'averagePrecision'):
        case(fn, binary[0], scores)
        case(fn, [1, 0, 1], [0.5, 0.5, 0.5])
        case(fn, signs[0], np.round(rng.random(15), 1))
        if fn != 'rocAuc':
            case(fn, binary[0], scores, posLabel=0)
            case(fn, ['no', 'yes', 'no', 'yes'], [0.1, 0.7, 0.4, 0.3], posLabel='yes')
    case('rocAuc', ['no', 'yes', 'no', 'yes'], [0.1, 0.7, 0.4, 0.3])
    case('rocCurve', binary[0], scores, dropIntermediate=False)
    case('rocCurve', [1, 1], [0.2, 0.7])
    case('rocCurve', [0, 0], [0.2, 0.7])
    case('prCurve', [0, 0], [0.2, 0.7])
    p = probabilities(three[0], 3)
    for multi in ('ovr', 'ovo'):
        for average in ('macro', 'weighted'):
            case('rocAuc', three[0], p, multiClass=multi, average=average)
    case('rocAuc', three[0], p, multiClass='ovr', average=None)
    case('rocAuc', three[0], p, multiClass='ovr', average='micro')
    w = probabilities([['ant', 'bee', 'cat', 'dormouse'].index(x) for x in words[0]], 4)
    case('rocAuc', words[0], w, multiClass='ovo', labels=['ant', 'bee', 'cat', 'dormouse'])
    case('logLoss', three[0], p)
    case('logLoss', three[0], p, normalize=False)
    case('logLoss', binary[0], np.round(rng.random(24), 3))
    case('logLoss', [0, 1], [0.0, 0.0])
    case('logLoss', [0, 1], [[1.0, 0.0], [0.0, 1.0]])
    case('logLoss', words[0], w)
    case('logLoss', [0, 0], [[0.4, 0.6], [0.9, 0.1]], labels=[0, 1])
    ties = np.round(rng.random((30, 3)), 1)
    for k in (1, 2, 3):
        case('topK', three[0], p, k=k)
        case('topK', three[0], ties, k=k)
        case('topK', binary[0], scores, k=k)
    case('topK', [0, 1], [0.3, 0.9], k=1)
    case('topK', three[0], p)
    case('topK', [0, 1, 1], [[0.1, 0.2, 0.7], [0.3, 0.6, 0.1], [0.2, 0.3, 0.5]], k=2, labels=[0, 1, 2], normalize=False)

    y = np.round(rng.normal(size=20), 2)
    y2 = np.round(rng.normal(size=(20, 3)), 2)
    y2[:, 2] = 1.5
    for truth in (y, y2):
        guess = np.round(truth + rng.normal(size=truth.shape) * 0.3, 2)
        for fn in ('meanAbsoluteError', 'meanSquaredError', 'r2'):
            case(fn, truth, guess)
            case(fn, truth, guess, multioutput='rawValues')
        case('r2', truth, guess, multioutput='varianceWeighted')
    case('r2', [2.0, 2.0], [2.0, 2.0])
    case('r2', [2.0, 2.0], [2.0, 3.0])

    path = os.path.join(HERE, 'metrics.jsonl')
    with open(path, 'w') as file:
        file.writelines(json.dumps(c, separators=(',', ':')) + '\n' for c in cases)
    print(f'metrics: {len(cases)} cases, {os.path.getsize(path)} bytes')


if __name__ == '__main__':
    generate()
