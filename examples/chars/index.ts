/**
 * A character LSTM learns the story in text.txt, and continues it from a beginning.
 *
 *     npx tsx examples/chars/index.ts ["Why do you light it?"]
 */
import { readFileSync } from 'node:fs';
import { compile, F, init, manualSeed, nn, noGrad, optim, rand, scope, type Tensor, tensor } from 'saraf';

const HIDDEN = 128;
const LENGTH = 64;
const BATCH_SIZE = 32;
const STEPS = 300;
const LEARNING_RATE = 4e-3;
const TEMPERATURE = 0.3;
const GOAL = 0.8;

const text = readFileSync(new URL('text.txt', import.meta.url), 'utf8');
const alphabet = [...new Set(text)].sort();
/** The number of a letter; letters that the text does not have count as spaces. */
const codeOf = (letter: string) => alphabet.indexOf(alphabet.includes(letter) ? letter : ' ');
const encoded = Int32Array.from(text, codeOf);

/** Scores of the next character, from each character; the state is passed from call to call. */
class Storyteller extends nn.Module {
  readonly embedding = new nn.Embedding(alphabet.length, 32);
  readonly lstm = new nn.LSTM(32, HIDDEN, { batchFirst: true });
  readonly output = new nn.Linear(HIDDEN, alphabet.length);

  forward(letters: Tensor, state?: [Tensor, Tensor]): [Tensor, [Tensor, Tensor]] {
    const [states, last] = this.lstm.forward(this.embedding.forward(letters), state);
    return [this.output.forward(states), last];
  }
}

await init({ threads: 'auto' });
manualSeed(1);
const model = new Storyteller();
const optimizer = new optim.Adam(model.parameters(), { lr: LEARNING_RATE });
const step = compile((letters: Tensor, next: Tensor) => {
  optimizer.zeroGrad();
  const [scores] = model.forward(letters);
  const loss = F.crossEntropy(scores.reshape([-1, alphabet.length]), next.flatten());
  loss.backward();
  optimizer.step();
  return loss;
});

/** A pseudo-random place in the text for every row of every batch. */
const place = (step: number, row: number) => ((step * BATCH_SIZE + row) * 7919) % (encoded.length - LENGTH - 1);

/** Rows of text from these places. */
function rows(start: (row: number) => number): Tensor {
  const letters = new Int32Array(BATCH_SIZE * LENGTH);
  for (let row = 0; row < BATCH_SIZE; row++) {
    letters.set(encoded.subarray(start(row), start(row) + LENGTH), row * LENGTH);
  }
  return tensor(letters, { shape: [BATCH_SIZE, LENGTH] });
}

for (let i = 1; i <= STEPS; i++) {
  const loss = scope(() =>
    step(
      rows((row) => place(i, row)),
      rows((row) => place(i, row) + 1),
    ).item(),
  );
  if (i % 100 === 0) console.log(`step ${i}: ${(loss / Math.LN2).toFixed(2)} bits a character`);
}

/** The index at which the running sum of the probabilities passes `share`. */
function draw(probabilities: readonly number[], share: number): number {
  let sum = 0;
  for (const [i, p] of probabilities.entries()) {
    sum += p;
    if (share < sum) return i;
  }
  return probabilities.length - 1;
}

/** Continues the story from a beginning, character by character; likelier ones are drawn more often. */
function tell(beginning: string, length: number): string {
  let letters = Array.from(beginning, codeOf);
  let told = beginning;
  let state: [Tensor, Tensor] | undefined;
  for (let i = 0; i < length; i++) {
    const { likely, next } = scope(() =>
      noGrad(() => {
        const [scores, next] = model.forward(tensor(letters, { dtype: 'int32' }).reshape([1, -1]), state);
        const last = scores.select(1, letters.length - 1).flatten();
        return { likely: Array.from(F.softmax(last.div(TEMPERATURE), { dim: 0 }).dataSync()), next };
      }),
    );
    for (const tensor of state ?? []) tensor.dispose();
    state = next;
    const chosen = draw(
      likely,
      scope(() => rand([1]).item()),
    );
    letters = [chosen];
    told += alphabet[chosen];
  }
  for (const tensor of state ?? []) tensor.dispose();
  return told;
}

const story = tell(process.argv[2] ?? 'Why do you light it? asked ', 400);
console.log(`\n${story}\n`);

const words = (from: string) => from.toLowerCase().match(/[a-z]+/g) ?? [];
const known = new Set(words(text));
const told = words(story).slice(0, -1);
const share = told.filter((word) => known.has(word)).length / told.length;
console.log(`${(share * 100).toFixed(0)} % of the words occur in the story, goal ${GOAL * 100} %.`);
if (share < GOAL) process.exitCode = 1;
