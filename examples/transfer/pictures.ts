/**
 * A ResNet-18 and folders of images. It learns its weights here from pictures of four shapes, and loads all except the head, as
 * weights from ImageNet would be loaded. The head is new, for three other shapes of which there are few pictures.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { data, LRScheduler, manualSeed, models, type nn, optim, plot, Trainer } from 'saraf';
import { type ImageFolder, imageFolder, loadSafetensors, saveSafetensors } from 'saraf/node';
import { goal, last, percent, savePicture } from '../support/results.ts';
import { COMMON, RARE, writeFolder } from './shapes.ts';

const COMMON_COUNT = 100;
const FEW = 12;
const TEST = 20;
const GOAL = 0.85;

const { Compose, Normalize, RandomHorizontalFlip } = data.transforms;
const normalize = new Normalize([0.3, 0.3, 0.3], [0.25, 0.25, 0.25]);
const augment = new Compose([new RandomHorizontalFlip(), normalize]);

interface Plan {
  epochs: number;
  lr: number;
  test: ImageFolder;
}

/** Trains the parameters that are not frozen. Returns the accuracy on the test pictures after each epoch. */
async function train(model: nn.Module, folder: string, { epochs, lr, test }: Plan): Promise<number[]> {
  const images = await imageFolder(folder, { transform: augment });
  const optimizer = new optim.Adam(
    model.parameters().filter((parameter) => parameter.requiresGrad),
    { lr },
  );
  const trainer = new Trainer(model, { optimizer, loss: 'crossEntropy', metrics: ['accuracy'] });
  const { valAccuracy = [] } = await trainer.fit(new data.DataLoader(images, { batchSize: 12, shuffle: true }), {
    epochs,
    callbacks: [new LRScheduler(new optim.lrScheduler.CosineAnnealingLR(optimizer, { tMax: epochs }))],
    validationData: new data.DataLoader(test, { batchSize: 20 }),
    verbose: false,
  });
  optimizer.dispose();
  return valAccuracy;
}

/** The test pictures with the model's answers. */
async function answers(model: nn.Module, test: ImageFolder): Promise<string> {
  const loader = new data.DataLoader(test, { batchSize: 12, shuffle: true, seed: 4 });
  const trainer = new Trainer(model, { optimizer: new optim.SGD(model.parameters()), loss: 'crossEntropy' });
  for await (const [images] of loader) {
    const said = (await trainer.predict(images)).argmax(1);
    const labels = Array.from(said.dataSync(), (label) => test.classes[label] ?? '');
    return plot.images(images.mul(0.25).add(0.3), {
      labels,
      columns: 6,
      title: 'New shapes, and the answers',
    });
  }
  throw new Error('there are no pictures');
}

export async function pictures(): Promise<void> {
  manualSeed(3);
  const folder = mkdtempSync(join(tmpdir(), 'saraf-transfer-'));
  try {
    const path = (name: string) => join(folder, name);
    writeFolder(path('common'), COMMON, COMMON_COUNT);
    writeFolder(path('common-test'), COMMON, 20);
    writeFolder(path('few'), RARE, FEW);
    writeFolder(path('test'), RARE, TEST);

    const base = models.resnet18({ numClasses: 4 });
    const learned = await train(base, path('common'), {
      epochs: 6,
      lr: 1e-3,
      test: await imageFolder(path('common-test'), { transform: normalize }),
    });
    console.log(`ResNet-18, four shapes, from ${4 * COMMON_COUNT} pictures: ${percent(last(learned))}`);
    saveSafetensors(base.stateDict(), path('base.safetensors'));
    base.dispose();

    const test = await imageFolder(path('test'), { transform: normalize });
    const fresh = models.resnet18({ numClasses: 3 });
    const scratch = await train(fresh, path('few'), { epochs: 16, lr: 1e-3, test });
    fresh.dispose();

    const model = models.resnet18({ numClasses: 3 });
    const { 'fc.weight': weight, 'fc.bias': bias, ...body } = loadSafetensors(path('base.safetensors'));
    const { missingKeys } = model.loadStateDict(body, { strict: false });
    for (const t of [weight, bias, ...Object.values(body)]) t?.dispose();
    model.requiresGrad_(false);
    model.fc.requiresGrad_(true);
    const frozen = await train(model, path('few'), { epochs: 8, lr: 1e-2, test });
    model.requiresGrad_(true);
    const tuned = await train(model, path('few'), { epochs: 8, lr: 1e-4, test });

    console.log(`three other shapes, from ${3 * FEW} pictures: from scratch ${percent(last(scratch))}`);
    console.log(`with a frozen body ${percent(last(frozen))}, after fine tuning ${percent(last(tuned))}`);
    const curves = { 'from scratch': scratch, 'frozen, then fine tuning': [...frozen, ...tuned] };
    const words = { title: `Three shapes, from ${3 * FEW} pictures`, xLabel: 'epoch', yLabel: 'test accuracy' };
    savePicture('transfer-resnet', plot.lines(curves, words));
    savePicture('transfer-shapes', await answers(model, test));
    goal('only the head is not in the file', missingKeys.join() === 'fc.weight,fc.bias');
    goal(`the ResNet-18 with a new head is right for ${percent(GOAL)}`, last(tuned) >= GOAL);
    goal('that is more than from scratch', last(tuned) > last(scratch));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
