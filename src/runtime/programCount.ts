/** How many programs of compiled functions there are. One whose function was dropped counts until the collector tells. */
let alive = 0;

const collected =
  typeof FinalizationRegistry === 'undefined' ? undefined : new FinalizationRegistry<null>(() => void alive--);

export function countProgram(program: object): void {
  alive++;
  collected?.register(program, null, program);
}

/** A program that was counted is gone. */
export function discountProgram(program: object): void {
  alive--;
  collected?.unregister(program);
}

export const programsAlive = (): number => alive;
