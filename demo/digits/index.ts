/** The digits' part of the page: pad, verdict, training. */
import { CLASSES, type FromDigits, type Host, type ToDigits } from '../messages.ts';
import { element, make, percent, startWorker } from '../page.ts';
import { Pad } from './pad.ts';
import { Samples } from './samples.ts';

type Post = (message: ToDigits) => void;

const status = element('digits-status');
const train = element<HTMLButtonElement>('train');
const startOver = element<HTMLButtonElement>('train-reset');
const device = element<HTMLSelectElement>('device');
const rows = Array.from({ length: CLASSES }, (_, digit) => {
  const bar = make('span', { className: 'bar' });
  const value = make('span', { className: 'value' });
  const row = make('li', {}, make('b', {}, String(digit)), make('span', { className: 'track' }, bar), value);
  return { row, bar, value };
});

/** Losses so far, one for each slice. */
let losses: number[] = [];
let running = false;

function tellHost({ device: on, simd, threads, note, webgpu }: Host): void {
  const facts = [
    on === 'webgpu' ? 'WebGPU' : on === 'wasm' ? 'WebAssembly' : 'plain TypeScript',
    ...(on === 'wasm' ? [simd === 'relaxed' ? 'relaxed SIMD' : 'SIMD'] : []),
    ...(on === 'webgpu' ? [] : [threads === 1 ? 'one thread' : `${threads} threads`]),
  ];
  element('facts').replaceChildren(...facts.map((fact) => make('li', {}, fact)));
  const why = element('why');
  why.hidden = note === undefined;
  why.textContent = note === undefined ? '' : `Fewer threads than cores: ${note}.`;
  if (webgpu && device.options.length === 1) device.add(new Option('WebGPU', 'webgpu'));
}

function drawCurve(): void {
  const [width, height] = [300, 90];
  const top = Math.max(2.5, ...losses);
  const x = (i: number) => (losses.length < 2 ? 0 : (i / (losses.length - 1)) * width);
  const points = losses.map((loss, i) => `${x(i).toFixed(1)},${(height - 4 - (loss / top) * (height - 8)).toFixed(1)}`);
  const svg = element<SVGSVGElement>('curve');
  const line =
    svg.querySelector('polyline') ??
    svg.appendChild(document.createElementNS('http://www.w3.org/2000/svg', 'polyline'));
  line.setAttribute('points', points.join(' '));
}

function showVerdict(probabilities: Float32Array | null): void {
  const best = probabilities === null ? -1 : probabilities.indexOf(Math.max(...probabilities));
  element('guess').textContent = best < 0 ? '?' : String(best);
  rows.forEach(({ row, bar, value }, digit) => {
    const p = probabilities?.[digit] ?? 0;
    bar.style.width = `${100 * p}%`;
    value.textContent = probabilities === null ? '' : percent(p, 0);
    row.classList.toggle('best', digit === best);
  });
}

function setRunning(now: boolean): void {
  running = now;
  train.textContent = now ? 'Pause' : 'Train';
}

function forget(): void {
  losses = [];
  drawCurve();
  for (const id of ['epoch', 'accuracy', 'loss', 'rate']) element(id).textContent = '–';
}

export function digits(): void {
  element('bars').replaceChildren(...rows.map(({ row }) => row));
  /** Whether a drawing waits until the previous one has been answered. */
  let waiting = false;
  let asked = false;
  const pad = new Pad(element('pad'), () => ask());
  const samples = new Samples(element('samples'));
  const ask = () => {
    const pixels = pad.picture();
    if (pixels === null) showVerdict(null);
    waiting = pixels !== null && asked;
    if (pixels === null || asked) return;
    asked = true;
    post({ type: 'classify', pixels });
  };

  const hear = (message: FromDigits): void => {
    switch (message.type) {
      case 'host':
        tellHost(message.host);
        return;
      case 'samples':
        samples.fill(message.pixels, message.labels, (digit) => pad.show(digit));
        train.disabled = startOver.disabled = device.disabled = false;
        status.textContent = 'Press Train: five rounds through the examples.';
        return;
      case 'step':
        if (!running) return;
        losses.push(message.loss);
        drawCurve();
        element('epoch').textContent = `${message.epoch} of 5`;
        element('loss').textContent = message.loss.toFixed(3);
        element('rate').textContent = Math.round(message.rate).toLocaleString('en');
        ask();
        return;
      case 'tested':
        samples.judge(message.guesses);
        element('accuracy').textContent = percent(message.accuracy);
        ask();
        return;
      case 'classified':
        asked = false;
        showVerdict(pad.picture() === null ? null : message.probabilities);
        if (waiting) ask();
        return;
      case 'finished':
        setRunning(false);
        train.disabled = true;
        status.textContent = 'Trained. Draw, or start over.';
        return;
      case 'failed':
        setRunning(false);
        asked = false;
        status.textContent = `Something went wrong: ${message.message}`;
    }
  };
  const post: Post = startWorker<ToDigits, FromDigits>('digits', hear);
  const begin = () => post({ type: 'start', url: new URL('digits.bin', document.baseURI).href, device: chosen() });
  const chosen = () => (device.value === 'webgpu' ? 'webgpu' : 'wasm');

  train.addEventListener('click', () => {
    setRunning(!running);
    status.textContent = running ? 'Learning …' : 'Paused.';
    post({ type: running ? 'train' : 'pause' });
  });
  const restart = (message: () => void) => {
    setRunning(false);
    forget();
    samples.forget();
    train.disabled = false;
    status.textContent = '';
    message();
    ask();
  };
  startOver.addEventListener('click', () => restart(() => post({ type: 'reset' })));
  device.addEventListener('change', () =>
    restart(() => {
      train.disabled = startOver.disabled = device.disabled = true;
      begin();
    }),
  );
  element('clear').addEventListener('click', () => pad.clear());
  showVerdict(null);
  drawCurve();
  begin();
}
