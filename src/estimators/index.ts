/** Models in scikit-learn's style: `fit`, `predict`, `predictProba`, `score`. */
export type { Answer, Classifier, Regressor } from './estimator.ts';
export { type GridSearchOptions, type GridSearchResult, gridSearch, type Point, type Space } from './gridSearch.ts';
export { LogisticRegression, type LogisticRegressionOptions, Perceptron, type PerceptronOptions } from './linear.ts';
export { MLPClassifier, MLPRegressor } from './mlp.ts';
export type { MLPOptions } from './network.ts';
