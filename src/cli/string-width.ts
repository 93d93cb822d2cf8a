/**
 * How many columns a text takes. The build puts this in the place of the package `string-width`, with which yargs lays
 * out its help: that prepares for every emoji as soon as it is loaded, which takes a third of the time of a short command.
 * The help of pidsim has letters and punctuation, one column each.
 */
export default function stringWidth(text: string): number {
  return [...text].length;
}
