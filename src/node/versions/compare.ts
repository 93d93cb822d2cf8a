/**
 * Is `version` the same as `minimum` or newer? Compares the numbers between the dots, left to right; a
 * missing one counts as 0, and what follows the numbers (`-ce`, `+k3s1`) is ignored. So 17.12 is newer than
 * 1.13.1, which is how Docker itself numbers its releases.
 */
export function atLeast(version: string, minimum: string): boolean {
  const have = numbers(version);
  const want = numbers(minimum);
  for (let i = 0; i < Math.max(have.length, want.length); i++) {
    const difference = (have[i] ?? 0) - (want[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

function numbers(version: string): number[] {
  return /^v?(\d+(?:\.\d+)*)/.exec(version)?.[1].split('.').map(Number) ?? [];
}
