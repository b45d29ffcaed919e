/** Tells malignant tumours from benign ones: Sequential, Trainer, callbacks, a checkpoint, precision and recall. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { data, EarlyStopping, manualSeed, metrics, nn, noGrad, optim, plot, ReduceLROnPlateau, Trainer } from 'saraf';
import { loadModel, ModelCheckpoint } from 'saraf/node';
import { goal, percent, savePicture } from '../support/results.ts';

const GOAL = 0.95;
const MALIGNANT = 0;

manualSeed(1);
const { data: x, target: y, targetNames } = await data.breastCancer();
const [xRest, xTest, yRest, yTest] = data.trainTestSplit(x, y, { testSize: 0.2, stratify: y, seed: 1 });
const [xTrain, xValid, yTrain, yValid] = data.trainTestSplit(xRest, yRest, { testSize: 0.2, stratify: yRest, seed: 2 });
const scaler = new data.StandardScaler().fit(xTrain);

const model = new nn.Sequential(
  new nn.Linear(30, 32),
  new nn.ReLU(),
  new nn.Dropout(0.2),
  new nn.Linear(32, 16),
  new nn.ReLU(),
  new nn.Linear(16, 2),
);
const trainer = new Trainer(model, {
  optimizer: new optim.Adam(model.parameters(), { lr: 0.005 }),
  loss: 'crossEntropy',
  metrics: ['accuracy'],
});
const folder = mkdtempSync(join(tmpdir(), 'saraf-'));
const checkpoint = join(folder, 'best.safetensors');
const stopping = new EarlyStopping({ patience: 15, restoreBestWeights: true });
const { loss, valLoss = [] } = await trainer.fit(scaler.transform(xTrain), yTrain, {
  epochs: 100,
  validationData: [scaler.transform(xValid), yValid],
  callbacks: [
    stopping,
    new ReduceLROnPlateau({ patience: 6, factor: 0.5 }),
    new ModelCheckpoint(checkpoint, { saveBestOnly: true }),
  ],
  verbose: false,
});

const inputs = scaler.transform(xTest);
const probabilities = (await trainer.predict(inputs)).softmax(1);
const predicted = probabilities.argmax(1);
console.log(`${loss.length} epochs`);
console.log(metrics.classificationReport(yTest, predicted, { targetNames }));
const options = { posLabel: MALIGNANT };
const [precision, recall] = [metrics.precision(yTest, predicted, options), metrics.recall(yTest, predicted, options)];
const accuracy = metrics.accuracy(yTest, predicted);
console.log(`malignant: precision ${percent(precision)}, recall ${percent(recall)}; accuracy ${percent(accuracy)}`);

const saved = loadModel(checkpoint).model.eval();
rmSync(folder, { recursive: true });
if (!(saved instanceof nn.Sequential)) throw new Error('the checkpoint has a model of another kind');
const again = noGrad(() => saved.forward(inputs).argmax(1).eq(predicted).to('float32').mean().item());

savePicture('breast-cancer', plot.lines({ loss, valLoss }, { title: 'Training', xLabel: 'epoch' }));
savePicture(
  'breast-cancer-confusion',
  plot.confusion(metrics.confusionMatrix(yTest, predicted), { labels: targetNames }),
);
const curve = metrics.rocCurve(yTest, probabilities.select(1, MALIGNANT), options);
savePicture('breast-cancer-roc', plot.roc(curve, { title: 'Malignant tumours' }));
goal(`${percent(GOAL)} are right`, accuracy >= GOAL);
goal('nine of ten malignant tumours are found', recall >= 0.9);
goal('the checkpoint of the best epoch predicts the same', again === 1);
