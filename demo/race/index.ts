/** The race's part of the page: starts it, and draws a bar for each contender as the times come in. */
import type { FromRace, Lap, ToRace } from '../messages.ts';
import { element, make, milliseconds, startWorker } from '../page.ts';

interface Table {
  list: HTMLElement;
  laps: Lap[];
}

/** How many times as fast as the first lap, which is plain JavaScript. */
function timesFaster(lap: Lap, [plain]: readonly Lap[]): string {
  if (plain === undefined || lap === plain) return '';
  const ratio = plain.ms / lap.ms;
  return `${ratio >= 10 ? ratio.toFixed(0) : ratio.toFixed(1)}×`;
}

function draw({ list, laps }: Table): void {
  const longest = Math.max(...laps.map(({ ms }) => ms));
  list.replaceChildren(
    ...laps.map((lap, i) => {
      const bar = make('span', { className: i === 0 ? 'bar plain' : 'bar' });
      bar.style.width = `max(3px, ${(100 * lap.ms) / longest}%)`;
      return make(
        'li',
        {},
        make('span', { className: 'who' }, lap.who),
        make('span', { className: 'track' }, bar),
        make('span', { className: 'value' }, milliseconds(lap.ms)),
        make('b', { className: 'times' }, timesFaster(lap, laps)),
      );
    }),
  );
}

export function race(): void {
  const button = element<HTMLButtonElement>('run-race');
  const status = element('race-status');
  const results = element('race-results');
  const tables = new Map<string, Table>();
  let post: ((message: ToRace) => void) | null = null;
  const end = (text: string) => {
    status.textContent = text;
    button.disabled = false;
    button.textContent = 'Run again';
  };
  const hear = (message: FromRace): void => {
    switch (message.type) {
      case 'begun': {
        const list = make('ol', { className: 'laps' });
        const title = make('h3', {}, message.task);
        results.append(make('article', {}, title, make('p', { className: 'hint' }, message.detail), list));
        tables.set(message.task, { list, laps: [] });
        status.textContent = `Measuring: ${message.task.toLowerCase()} …`;
        return;
      }
      case 'lap': {
        const table = tables.get(message.task);
        if (table === undefined) return;
        table.laps.push(message.lap);
        draw(table);
        return;
      }
      case 'finished':
        end('Done. × is how many times as fast as plain JavaScript.');
        return;
      case 'failed':
        end(`Something went wrong: ${message.message}`);
        return;
    }
  };
  button.addEventListener('click', () => {
    button.disabled = true;
    tables.clear();
    results.replaceChildren();
    status.textContent = 'Starting …';
    post ??= startWorker<ToRace, FromRace>('race', hear);
    post({ type: 'run' });
  });
}
