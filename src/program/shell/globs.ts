/** Patterns of `case` and `[[`. */
export function globToRegExp(pattern: string): RegExp {
  const source = pattern.replace(/\[[^\]]+\]|[*?]|[.\\+^$(){}|[\]]/g, (piece) => {
    if (piece === '*') return '[^]*';
    if (piece === '?') return '[^]';
    if (piece.length > 1) return piece.replace(/^\[!/, '[^').replaceAll('\\', '\\\\');
    return `\\${piece}`;
  });
  return new RegExp(`^${source}$`);
}
