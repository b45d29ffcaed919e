/** The flowers: four fifths for training, the rest for the test, scaled by the training examples. */
import { data } from 'saraf';

export async function flowers() {
  const { data: x, target: y, targetNames } = await data.iris();
  const [xRest, xTest, yTrain, yTest] = data.trainTestSplit(x, y, { testSize: 0.2, stratify: y, seed: 1 });
  const scaler = new data.StandardScaler().fit(xRest);
  return { train: scaler.transform(xRest), test: scaler.transform(xTest), yTrain, yTest, targetNames };
}
