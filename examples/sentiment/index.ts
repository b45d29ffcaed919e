/**
 * Judges film reviews: embedding, LSTM, linear, sigmoid.
 *
 *     npx tsx examples/sentiment/index.ts                     # generated reviews, see corpus.ts
 *     npx tsx examples/sentiment/index.ts "IMDB Dataset.csv"  # 50,000 real ones, in the columns review and sentiment
 */
import { compile, data, F, init, manualSeed, metrics, nn, noGrad, optim, scope, type Tensor, tensor } from 'saraf';
import { imdb } from 'saraf/node';
import { trainEpoch } from '../support/epochs.ts';
import { makeReviews, type Reviews } from './corpus.ts';

const BATCH_SIZE = 64;
const LEARNING_RATE = 1e-3;
const GOAL = 0.87;
const SIZE = 128;

/** The last state of an LSTM over the words. Sequences are padded in front, so the last step is the last word. */
class Judge extends nn.Module {
  readonly embedding: nn.Embedding;
  readonly lstm = new nn.LSTM(SIZE, SIZE, { batchFirst: true });
  readonly output = new nn.Linear(SIZE, 1);

  constructor(vocabulary: number) {
    super();
    this.embedding = new nn.Embedding(vocabulary, SIZE, { paddingIdx: 0 });
  }

  forward(words: Tensor): Tensor {
    const [, [last]] = this.lstm.forward(this.embedding.forward(words));
    return this.output.forward(last.select(0, 0)).sigmoid().flatten();
  }
}

/** How often a linear model is right that sees which words a review has: the best without their order. */
function bagOfWords(train: number[][], trainLabels: number[], test: number[][], testLabels: number[], words: number) {
  const counts = (rows: number[][]) => {
    const table = new Float32Array(rows.length * words);
    rows.forEach((row, i) => {
      for (const word of row) table[i * words + word] = 1;
    });
    return tensor(table, { shape: [rows.length, words] });
  };
  return scope(() => {
    const model = new nn.Linear(words, 1);
    const optimizer = new optim.Adam(model.parameters(), { lr: 0.02 });
    const x = counts(train);
    const y = tensor(trainLabels, { dtype: 'float32' });
    const step = compile(() => {
      optimizer.zeroGrad();
      F.binaryCrossEntropy(model.forward(x).sigmoid().flatten(), y).backward();
      optimizer.step();
    });
    for (let i = 0; i < 300; i++) step();
    const guesses = noGrad(() => model.forward(counts(test)).flatten().gt(0)).dataSync();
    return metrics.accuracy(testLabels, Array.from(guesses));
  });
}

const info = await init({ threads: 'auto' });
console.log(`saraf on ${info.runtime}, ${info.simd} SIMD, ${info.threads} threads`);
manualSeed(1);

const path = process.argv[2];
const all: Reviews = path === undefined ? makeReviews(12_000, 1) : imdb(path);
const [epochs, words, length] = path === undefined ? [4, 1000, 40] : [4, 10_000, 200];
const cut = Math.floor(all.texts.length * 0.8);
const tokenizer = new data.Tokenizer({ numWords: words, oovToken: '<unk>' });
tokenizer.fitOnTexts(all.texts.slice(0, cut));
const sequences = tokenizer.textsToSequences(all.texts);
const vocabulary = Math.min(words, Object.keys(tokenizer.wordIndex).length + 1);
const padded = data.padSequences(sequences, { maxlen: length });
const labels = tensor(all.labels, { dtype: 'float32' });
const part = (start: number, end: number) =>
  new data.TensorDataset(padded.slice(0, start, end).clone(), labels.slice(0, start, end).clone());
const [train, test] = [part(0, cut), part(cut, all.texts.length)];
console.log(`${all.texts.length.toLocaleString('en')} reviews, ${vocabulary} words, ${length} words per review`);
console.log(`for example: "${all.texts[0]}" → ${all.labels[0] === 1 ? 'likes it' : 'does not'}`);
if (path === undefined) {
  const [left, right] = [all.labels.slice(0, cut), all.labels.slice(cut)];
  const plain = bagOfWords(sequences.slice(0, cut), left, sequences.slice(cut), right, vocabulary);
  console.log(`a linear model on the bag of words: test accuracy ${(plain * 100).toFixed(2)} %`);
}

const model = new Judge(vocabulary);
const optimizer = new optim.Adam(model.parameters(), { lr: LEARNING_RATE });
const loader = new data.DataLoader(train, { batchSize: BATCH_SIZE, shuffle: true, seed: 1 });
const step = compile((x: Tensor, y: Tensor) => {
  optimizer.zeroGrad();
  const loss = F.binaryCrossEntropy(model.forward(x), y);
  loss.backward();
  optimizer.step();
  return loss;
});

const judge = (x: Tensor): number[] => {
  const likes: number[] = [];
  for (const [batch] of new data.DataLoader(new data.TensorDataset(x), { batchSize: 200 })) {
    likes.push(...noGrad(() => model.forward(batch).gt(0.5)).dataSync());
  }
  return likes;
};

const truth = Array.from(test.tensors[1].dataSync());
let predicted: number[] = [];
for (let epoch = 1; epoch <= epochs; epoch++) {
  const { loss, examplesPerSecond } = trainEpoch(`epoch ${epoch}`, step, loader);
  predicted = judge(test.tensors[0]);
  const accuracy = metrics.accuracy(truth, predicted);
  console.log(
    `epoch ${epoch}: loss ${loss.toFixed(4)}, test accuracy ${(accuracy * 100).toFixed(2)} %, ${Math.round(examplesPerSecond).toLocaleString('en')} reviews/s`,
  );
}
console.log(`\n${metrics.classificationReport(truth, predicted, { targetNames: ['does not', 'likes it'] })}`);
const accuracy = metrics.accuracy(truth, predicted);
console.log(`Test accuracy: ${(accuracy * 100).toFixed(2)} %, goal ${GOAL * 100} %.`);
if (accuracy < GOAL) process.exitCode = 1;
