/**
 * A document that was made from others: each of its parts remembers where it came from, so that what is wrong
 * with it is said at the place where somebody can mend it.
 */
import { below, type Place } from '../../text/findings.js';
import { type Aim, NOWHERE, type Path, type Position, type SourceDocument } from '../../text/yaml.js';

interface Origin {
  place: Place;
  /** Parts that stand elsewhere than below the place. */
  parts: Readonly<Record<string, Place>>;
}

export class Origins {
  private readonly known = new WeakMap<object, Origin>();

  /** @returns the value. */
  set<T extends object>(value: T, place: Place, parts: Readonly<Record<string, Place>> = {}): T {
    this.known.set(value, { place, parts });
    return value;
  }

  get(value: unknown): Origin | undefined {
    return typeof value === 'object' && value !== null ? this.known.get(value) : undefined;
  }

  /** @param file what a place without an origin is called by. */
  document(value: unknown, file: string): SourceDocument {
    return new MadeDocument(file, value, this);
  }
}

class MadeDocument implements SourceDocument {
  constructor(
    readonly file: string,
    readonly value: unknown,
    private readonly origins: Origins,
  ) {}

  locate(path: Path, aim: Aim): Position {
    const place = this.placeOf(path);
    if (place === null) return NOWHERE;
    return { ...place.document.locate(place.path, aim), file: place.document.file };
  }

  written(path: Path): string | undefined {
    const place = this.placeOf(path);
    return place?.document.written(place.path);
  }

  private placeOf(path: Path): Place | null {
    let value = this.value;
    let nearest = this.origins.get(value);
    let from = 0;
    for (const [index, step] of path.entries()) {
      value = (value as Record<string | number, unknown> | null | undefined)?.[step];
      const origin = this.origins.get(value);
      if (origin === undefined) continue;
      nearest = origin;
      from = index + 1;
    }
    if (nearest === undefined) return null;
    const [first, ...rest] = path.slice(from);
    if (first === undefined) return nearest.place;
    const part = Object.hasOwn(nearest.parts, first) ? nearest.parts[first] : undefined;
    return part === undefined ? below(nearest.place, first, ...rest) : below(part, ...rest);
  }
}
