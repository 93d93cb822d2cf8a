/** How quantities look in everything a person reads: `16,234`, `49 %`, `22.4 h`, `3 pods`. */

/**
 * `16,234`, as `toLocaleString('en-US')` has it. But the first call of that gets ICU ready for every language
 * there is, which takes longer than reading a scenario. Of whole numbers, or of any below 1,000.
 */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `16,234`; up to one decimal for what is not whole. */
export function formatCount(count: number): string {
  return grouped(Math.abs(count) < 100 ? Math.round(count * 10) / 10 : Math.round(count));
}

/** As `formatCount`, but `7.78 M` from a million on: for labels with little room. */
export function formatCompact(count: number): string {
  return count < 1e6 ? formatCount(count) : `${Number((count / 1e6).toPrecision(3))} M`;
}

/** A share from 0 to 1 as `49 %`. Never rounds to `0 %` or `100 %` what is not exactly that. */
export function formatShare(share: number): string {
  const percent = share * 100;
  if (percent <= 0 || percent >= 100 || (percent >= 1 && percent <= 99)) return `${Math.round(percent)} %`;
  if (percent < 0.1) return '< 0.1 %';
  if (percent > 99.9) return '> 99.9 %';
  return `${Math.round(percent * 10) / 10} %`;
}

/** `1 pod`, `3 pods`, `2 pod creations`. */
export function plural(count: number, singular: string, pluralForm: string = `${singular}s`): string {
  return `${formatCount(count)} ${count === 1 ? singular : pluralForm}`;
}

/** Ties a number to its unit, so that no line breaks between `10` and `s`. */
export function unbroken(text: string): string {
  return text.replace(/(\d) (?=(?:s|min|h|d|years|ms|µs|M|%)(?![A-Za-z]))/g, '$1\u00a0');
}

/** `a`, `a and b`, `a, b and c`. */
export function listOf(items: readonly string[]): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}

/** Six decimals are microseconds, the engine's own resolution; the rest is noise of the division. */
export function roundMicro(seconds: number): number {
  return Math.round(seconds * 1e6) / 1e6;
}

/** Rates per hour are written so. */
export function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}

/** Names often differ at their ends: so what is too long is cut in the middle. */
export function cutInTheMiddle(name: string, charactersMax: number): string {
  if (name.length <= charactersMax) return name;
  const head = Math.ceil((charactersMax - 1) / 2);
  return `${name.slice(0, head)}…${name.slice(head + 1 - charactersMax)}`;
}
