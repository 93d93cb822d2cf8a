/** What an image runs is nowhere in a manifest. That is said of a few one by one, of many in one line. */

import { plural } from '../text/figures.js';
import type { Findings, Place } from '../text/findings.js';

interface Assumption {
  container: string;
  /** An init container's: it ends. */
  ends: boolean;
  place: Place;
}

const ONE_BY_ONE_MAX = 5;
const NAMED_MAX = 4;

export class AssumedImages {
  private readonly known = new Map<string, Assumption>();

  add(image: string, assumption: Assumption): void {
    if (!this.known.has(image)) this.known.set(image, assumption);
  }

  tell(findings: Findings): void {
    if (this.known.size > ONE_BY_ONE_MAX) {
      this.tellTogether(findings);
      return;
    }
    for (const { container, ends, place } of this.known.values()) {
      const what = ends ? 'it is assumed to end at once and to leave nothing' : 'assumed to be quiet';
      const message = `what the image of container \`${container}\` runs is not known; ${what}`;
      const entry = `\`containers: {${container}: {program: PROGRAM}}\``;
      const hint = `Say it: ${entry} beside \`manifest:\`, or \`program:\` in the container.`;
      findings.warning(place, 'assumed-program', message, { hint });
    }
  }

  private tellTogether(findings: Findings): void {
    const [first] = this.known.values();
    const names = [...this.known.keys()];
    const shown = names.slice(0, NAMED_MAX).join(', ');
    const assumed = 'each is one process that starts none and waits for none';
    const which = `${shown}, and ${names.length - NAMED_MAX} more`;
    const message = `what ${plural(names.length, 'image')} run is not known; assumed: ${assumed} (${which})`;
    const hint =
      'One that is a shell or another init reaps what it adopts: write `program:` for it, into what ' +
      '`pidsim import` prints.';
    findings.warning(first.place, 'assumed-program', message, { hint });
  }
}
