/** Commands that read their stdin to its end, if they are given no file. */

/** By how many words before the first file: a pattern, a program. */
const READERS: Readonly<Record<string, number>> = {
  ...{ cat: 0, head: 0, tail: 0, wc: 0, sort: 0, uniq: 0, cut: 0, tac: 0, nl: 0, rev: 0, fold: 0, column: 0 },
  ...{ od: 0, hexdump: 0, xxd: 0, base64: 0, md5sum: 0, sha256sum: 0, less: 0, more: 0, paste: 0 },
  ...{ grep: 1, egrep: 1, fgrep: 1, sed: 1, awk: 1, gawk: 1, mawk: 1, jq: 1, yq: 1 },
  ...{ tr: 9, tee: 9, xargs: 9, python: 0, python3: 0, perl: 0 },
};
/** Commands whose status says whether they have found something. */
const LOOKERS = /^([ef]?grep|pgrep|pidof|killall|pkill|diff|cmp|jq)$/;

export function looksFor([command]: readonly string[]): boolean {
  return LOOKERS.test(command.slice(command.lastIndexOf('/') + 1));
}

/** Options that take the next word. */
const VALUED = /^-[neAFkdfcmv]$|^--(lines|bytes|regexp|max-count)$/;

export function readsInput([command, ...args]: readonly string[]): boolean {
  const name = command.slice(command.lastIndexOf('/') + 1);
  if (name === 'busybox' && args.length > 0) return readsInput(args);
  if (args.includes('/dev/fd/63')) return true;
  if (!Object.hasOwn(READERS, name)) return false;
  const plain = args.filter((arg, index) => {
    const isValue = index > 0 && VALUED.test(args[index - 1]) && !/^(sed|awk|cat|sort)$/.test(name);
    return arg === '-' ? false : !arg.startsWith('-') && !isValue;
  });
  return plain.length <= READERS[name];
}
