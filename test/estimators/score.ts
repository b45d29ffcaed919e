/** A module that a search imports in its workers: how well settings classify the species of iris. */
import { data, MLPClassifier, type MLPOptions } from '../../src/index.ts';

const { data: x, target: y } = await data.iris();
const [xTrain, xTest, yTrain, yTest] = data.trainTestSplit(x, y, { testSize: 0.3, stratify: y, seed: 1 });

export default async (params: MLPOptions): Promise<number> =>
  new MLPClassifier({ ...params, maxIter: 5, seed: 1 }).fit(xTrain, yTrain).score(xTest, yTest);
