/** Durations of motion, which are zero if the user prefers less of it. */
const reduced = matchMedia('(prefers-reduced-motion: reduce)');

export function motion(milliseconds: number): number {
  return reduced.matches ? 0 : milliseconds;
}
