/** Run by the grid search in its workers: how good settings are on a quarter of the training examples. */
import { data, MLPClassifier, type MLPOptions } from 'saraf';
import { flowers } from './flowers.ts';

const { train, yTrain } = await flowers();
const [xFit, xJudge, yFit, yJudge] = data.trainTestSplit(train, yTrain, { testSize: 0.25, stratify: yTrain, seed: 2 });

export default (params: MLPOptions) =>
  new MLPClassifier({ ...params, solver: 'lbfgs', seed: 1 }).fit(xFit, yFit).score(xJudge, yJudge);
