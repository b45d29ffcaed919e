/**
 * Generated film reviews that a bag of words cannot judge. One sentence says what the writer thinks of the film; the others
 * are about the cinema, the book, the critics, in the same words and just as decided, but for or against at random. Any
 * sentence may negate its opinion ("not dull at all", "far from great"), so what counts is which words go together.
 */

export interface Reviews {
  texts: string[];
  /** 1: the writer likes the film. */
  labels: number[];
}

const films = ['this film', 'the film', 'this movie', 'the movie', 'this picture', 'the whole movie'];
const others = [
  'the trailer',
  'the book',
  'the cinema',
  'the popcorn',
  'the sequel',
  'the first part',
  'the poster',
  'the evening',
  'the soundtrack album',
  'the remake from last year',
  'the interview with the director',
];
const good = ['great', 'wonderful', 'moving', 'funny', 'brilliant', 'gripping', 'charming', 'superb', 'clever', 'warm'];
const bad = ['dull', 'awful', 'boring', 'clumsy', 'tedious', 'terrible', 'silly', 'weak', 'dreadful', 'cold'];
const degrees = ['', '', 'very', 'really', 'rather', 'quite', 'truly'];
const negations = ['not', 'never', 'hardly', 'far from', 'anything but'];
const openings = ['', '', 'i must say', 'to be honest', 'in the end', 'as it turns out', 'if you ask me', 'frankly'];
const fillers = [
  'we went on a rainy sunday with the whole family',
  'it runs for about two hours',
  'i saw it twice last month',
  'the leading actor comes from norway',
  'it was shot in a small town by the sea',
  'my sister had chosen it',
  'there were few people in the room',
  'it tells of a lighthouse keeper and his dog',
];

/** How often an opinion is negated. */
const NEGATED = 0.35;

/** A seeded stream of numbers in [0, 1) (mulberry32). */
function stream(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function makeReviews(count: number, seed: number): Reviews {
  const next = stream(seed);
  const pick = (list: readonly string[]): string => list[Math.floor(next() * list.length)] ?? '';
  const opinion = (subject: string, likes: boolean): string => {
    const negated = next() < NEGATED;
    const word = pick(likes !== negated ? good : bad);
    const words = [pick(openings), subject, 'was', negated ? pick(negations) : '', pick(degrees), word];
    return words.filter((part) => part !== '').join(' ');
  };
  const texts: string[] = [];
  const labels: number[] = [];
  for (let i = 0; i < count; i++) {
    const likes = next() < 0.5;
    const sentences = [opinion(pick(films), likes)];
    const distractors = 1 + Math.floor(next() * 3);
    for (let d = 0; d < distractors; d++) sentences.push(opinion(pick(others), next() < 0.5));
    if (next() < 0.7) sentences.push(pick(fillers));
    for (let j = sentences.length - 1; j > 0; j--) {
      const k = Math.floor(next() * (j + 1));
      [sentences[j], sentences[k]] = [sentences[k] ?? '', sentences[j] ?? ''];
    }
    texts.push(`${sentences.join('. ')}.`);
    labels.push(Number(likes));
  }
  return { texts, labels };
}
