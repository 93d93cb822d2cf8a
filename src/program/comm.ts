/** `/proc/PID/comm` as the kernel keeps it: TASK_COMM_LEN is 16 bytes, the ending NUL included. */
const COMM_BYTES_MAX = 15;

/** The name as the kernel cuts it: at most 15 bytes of UTF-8, never in the middle of a character. */
export function truncateComm(comm: string): string {
  let bytes = 0;
  let kept = '';
  for (const character of comm) {
    bytes += utf8Length(character.codePointAt(0)!);
    if (bytes > COMM_BYTES_MAX) break;
    kept += character;
  }
  return kept;
}

function utf8Length(codePoint: number): number {
  if (codePoint < 0x80) return 1;
  if (codePoint < 0x800) return 2;
  return codePoint < 0x10000 ? 3 : 4;
}
