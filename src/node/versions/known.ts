/** Up to which release each product is known. What is said to be newer is taken for the newest that is. */
import { atLeast } from './compare.js';

/** The newest release that the tables here take into account, and the first that they cannot. */
const KNOWN: Readonly<Record<string, readonly [newest: string, beyond: string]>> = {
  kernel: ['7.1', '8.0'],
  kubelet: ['1.36', '1.38'],
  containerd: ['2.3', '2.6'],
  'cri-o': ['1.36', '1.38'],
  docker: ['29', '31'],
};

/** The newest release that is known, if this one is far beyond it; else null. */
export function newestKnown(product: string, version: string): string | null {
  const known = KNOWN[product];
  if (known === undefined) return null;
  const [newest, beyond] = known;
  return atLeast(version, beyond) ? newest : null;
}
