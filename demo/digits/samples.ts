/** Test digits as a strip of buttons, with the network's guesses, wrong ones marked. A click puts a digit on the pad. */
import { PIXELS } from '../messages.ts';
import { colour, make } from '../page.ts';
import { drawDigit } from './pad.ts';

const SIZE = 56;

interface Sample {
  label: number;
  button: HTMLButtonElement;
  verdict: HTMLSpanElement;
}

export class Samples {
  private samples: Sample[] = [];

  constructor(private readonly strip: HTMLElement) {}

  fill(pixels: Uint8Array, labels: Uint8Array, choose: (digit: Uint8Array) => void): void {
    const dark = matchMedia('(prefers-color-scheme: dark)');
    this.samples = Array.from(labels, (label, i) => {
      const digit = pixels.subarray(i * PIXELS, (i + 1) * PIXELS);
      const canvas = make('canvas', { width: SIZE, height: SIZE });
      const draw = () => drawDigit(canvas, digit, colour('ink'));
      draw();
      dark.addEventListener('change', draw);
      const verdict = make('span', {}, '·');
      const button = make('button', { type: 'button', className: 'sample' }, canvas, verdict);
      button.setAttribute('aria-label', `Test digit ${label}`);
      button.addEventListener('click', () => choose(digit));
      return { label, button, verdict };
    });
    this.strip.replaceChildren(...this.samples.map(({ button }) => button));
  }

  judge(guesses: Uint8Array): void {
    this.samples.forEach(({ label, button, verdict }, i) => {
      const isRight = guesses[i] === label;
      button.classList.toggle('right', isRight);
      button.classList.toggle('wrong', !isRight);
      verdict.textContent = isRight ? `${guesses[i]}` : `${guesses[i]}?`;
      button.setAttribute('aria-label', `Test digit ${label}, taken for ${guesses[i]}`);
    });
  }

  forget(): void {
    for (const { button, verdict } of this.samples) {
      button.classList.remove('right', 'wrong');
      verdict.textContent = '·';
    }
  }
}
