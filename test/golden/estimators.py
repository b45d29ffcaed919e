"""
Coefficients that scikit-learn's logistic regression finds for iris, written to estimators.json:

    /usr/bin/python3 test/golden/estimators.py
"""
import json
import os

from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

HERE = os.path.dirname(os.path.abspath(__file__))


def generate():
    x, y = load_iris(return_X_y=True)
    cases = []
    for classes, options in ((3, {}), (3, {'C': 0.1}), (3, {'fitIntercept': False}), (2, {}), (2, {'C': 10})):
        theirs = {'fit_intercept' if k == 'fitIntercept' else k: v for k, v in options.items()}
        rows = y < classes if classes == 3 else y > 0
        model = LogisticRegression(max_iter=10000, tol=1e-8, **theirs).fit(x[rows], y[rows])
        cases.append({'classes': classes, 'options': options, 'coef': model.coef_.tolist(),
                      'intercept': model.intercept_.tolist(), 'score': model.score(x[rows], y[rows]),
                      'probabilities': model.predict_proba(x[rows][::25]).tolist()})
    with open(os.path.join(HERE, 'estimators.json'), 'w') as file:
        json.dump(cases, file)
        file.write('\n')


if __name__ == '__main__':
    generate()
