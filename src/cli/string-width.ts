/**
 * How many columns a text takes. The build puts this in the place of the package `string-width`, with which
 * yargs lays out its help: that prepares for every emoji as soon as it is loaded, which takes about half as
 * long as `node -e 0`. The help of pidsim has letters and punctuation, one column each.
 */
export default function stringWidth(text: string): number {
  return [...text].length;
}
