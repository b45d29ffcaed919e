/** Test digits as a strip of buttons: what the network takes each for, and which it gets wrong. A click puts one on the pad. */
import { PIXELS } from '../messages.ts';
import { colour, make } from '../page.ts';
import { drawDigit } from './pad.ts';

const SIZE = 56;

export class Samples {
  private buttons: HTMLButtonElement[] = [];
  private labels: Uint8Array = new Uint8Array();

  constructor(private readonly strip: HTMLElement) {}

  fill(pixels: Uint8Array, labels: Uint8Array, choose: (digit: Uint8Array) => void): void {
    this.labels = labels;
    const digits = Array.from(labels, (_, i) => pixels.subarray(i * PIXELS, (i + 1) * PIXELS));
    const canvases = digits.map(() => make('canvas', { width: SIZE, height: SIZE }));
    const draw = () => void canvases.forEach((canvas, i) => void drawDigit(canvas, digits[i]!, colour('ink')));
    draw();
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
    this.buttons = digits.map((digit, i) => {
      const button = make('button', { type: 'button', className: 'sample' }, canvases[i]!, make('span', {}, '·'));
      button.setAttribute('aria-label', `Test digit ${labels[i]}`);
      button.addEventListener('click', () => choose(digit));
      return button;
    });
    this.strip.replaceChildren(...this.buttons);
  }

  judge(guesses: Uint8Array): void {
    this.buttons.forEach((button, i) => {
      const isRight = guesses[i] === this.labels[i];
      button.classList.toggle('right', isRight);
      button.classList.toggle('wrong', !isRight);
      button.lastElementChild!.textContent = isRight ? `${guesses[i]}` : `${guesses[i]}?`;
      button.setAttribute('aria-label', `Test digit ${this.labels[i]}, taken for ${guesses[i]}`);
    });
  }

  forget(): void {
    for (const button of this.buttons) {
      button.classList.remove('right', 'wrong');
      button.lastElementChild!.textContent = '·';
    }
  }
}
