/** The moons' part of the page: the plane, the controls, the figures. */
import { type FromMoons, type MoonsSettings, PLANE, type ToMoons } from '../messages.ts';
import { colour, contextOf, element, keepDrawn, make, percent, short, startWorker } from '../page.ts';

const canvas = element<HTMLCanvasElement>('plane');
const hidden = element<HTMLInputElement>('hidden');
const rate = element<HTMLInputElement>('lr');
const noise = element<HTMLInputElement>('noise');

let points: Float32Array = new Float32Array();
let moonOf: Int32Array = new Int32Array();
let belief: Float32Array | null = null;

function settings(): MoonsSettings {
  return { hidden: Number(hidden.value), learningRate: 10 ** Number(rate.value), noise: Number(noise.value) };
}

function showSettings(): void {
  const { learningRate } = settings();
  element('hidden-value').textContent = hidden.value;
  element('lr-value').textContent = short(Number(learningRate.toPrecision(2)));
  element('noise-value').textContent = noise.value;
}

/** The belief in the colours of the two moons, paler where it is uncertain. */
function drawBelief(context: CanvasRenderingContext2D, values: Float32Array): void {
  const { columns, rows } = PLANE;
  const [first, second, paper] = [colour('moon-0'), colour('moon-1'), colour('card')];
  const image = new ImageData(columns, rows);
  values.forEach((p, i) => {
    const strength = 0.12 + 0.5 * Math.abs(2 * p - 1);
    const moon = p > 0.5 ? second : first;
    moon.forEach((value, c) => {
      image.data[4 * i + c] = strength * value + (1 - strength) * paper[c]!;
    });
    image.data[4 * i + 3] = 255;
  });
  const small = make('canvas', { width: columns, height: rows });
  contextOf(small).putImageData(image, 0, 0);
  context.imageSmoothingEnabled = true;
  context.drawImage(small, 0, 0, canvas.width, canvas.height);
}

function draw(): void {
  const context = contextOf(canvas);
  const { width, height } = canvas;
  context.clearRect(0, 0, width, height);
  if (belief !== null) drawBelief(context, belief);
  const { left, right, bottom, top } = PLANE;
  const radius = width / 110;
  const styles = [colour('moon-0'), colour('moon-1')].map(([r, g, b]) => `rgb(${r} ${g} ${b})`);
  const [r, g, b] = colour('card');
  context.lineWidth = radius / 3;
  context.strokeStyle = `rgb(${r} ${g} ${b})`;
  moonOf.forEach((moon, i) => {
    const x = ((points[2 * i]! - left) / (right - left)) * width;
    const y = ((top - points[2 * i + 1]!) / (top - bottom)) * height;
    context.fillStyle = styles[moon] ?? '';
    context.beginPath();
    // The moons differ in shape, too: circles and squares.
    if (moon === 0) context.arc(x, y, radius, 0, 2 * Math.PI);
    else context.rect(x - 0.9 * radius, y - 0.9 * radius, 1.8 * radius, 1.8 * radius);
    context.fill();
    context.stroke();
  });
}

export function moons(): void {
  const play = element<HTMLButtonElement>('play');
  let playing = false;
  let drawn = true;
  const post = startWorker<ToMoons, FromMoons>('moons', (message) => {
    if (message.type === 'failed') throw new Error(message.message);
    if (message.type === 'points') {
      points = message.points;
      moonOf = message.moons;
    } else {
      belief = message.belief;
      element('moons-step').textContent = message.step.toLocaleString('en');
      element('moons-accuracy').textContent = percent(message.accuracy);
      element('moons-loss').textContent = message.loss.toFixed(3);
    }
    if (!drawn) return;
    drawn = false;
    requestAnimationFrame(() => {
      drawn = true;
      draw();
    });
  });
  const reset = () => post({ type: 'reset', settings: settings() });
  const setPlaying = (now: boolean) => {
    playing = now;
    play.textContent = now ? 'Pause' : 'Play';
    post({ type: now ? 'play' : 'pause' });
  };
  play.addEventListener('click', () => setPlaying(!playing));
  element('reset').addEventListener('click', () => {
    setPlaying(false);
    reset();
  });
  for (const slider of [hidden, noise]) slider.addEventListener('input', reset);
  rate.addEventListener('input', () => post({ type: 'rate', learningRate: settings().learningRate }));
  for (const slider of [hidden, rate, noise]) slider.addEventListener('input', showSettings);
  showSettings();
  keepDrawn(canvas, draw);
  reset();
}
