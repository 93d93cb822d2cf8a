/** Which objects belong to which, by what a cluster says of them. */
import { isMapping, textOf } from '../../text/value.js';
import type { KubeObject } from './text.js';

export interface Owner {
  kind: string;
  name: string;
  uid: string;
}

export function uidOf({ value }: KubeObject): string {
  const { metadata } = value;
  return isMapping(metadata) && typeof metadata.uid === 'string' ? metadata.uid : '';
}

/** Who made it and would make it again; null: nobody, or nobody says. */
export function ownerOf({ value }: KubeObject): Owner | null {
  const { metadata } = value;
  const references = isMapping(metadata) ? metadata.ownerReferences : undefined;
  if (!Array.isArray(references)) return null;
  const found: unknown =
    references.find((each) => isMapping(each) && each.controller === true) ?? references[0];
  if (!isMapping(found)) return null;
  return { kind: textOf(found.kind), name: textOf(found.name), uid: textOf(found.uid) };
}

/** From an object upwards: its owner, its owner's owner. One that is not in the file is guessed. */
export class Owners {
  private readonly byUid = new Map<string, KubeObject>();

  constructor(objects: readonly KubeObject[]) {
    for (const object of objects) {
      const uid = uidOf(object);
      if (uid !== '') this.byUid.set(uid, object);
    }
  }

  /** Is this one of the objects? */
  has(owner: Owner): boolean {
    return this.byUid.has(owner.uid);
  }

  chain(object: KubeObject): Owner[] {
    const owners: Owner[] = [];
    let current: KubeObject | undefined = object;
    while (current !== undefined && owners.length < 5) {
      const owner: Owner | null = ownerOf(current);
      if (owner === null) break;
      owners.push(owner);
      const above: KubeObject | undefined = this.byUid.get(owner.uid);
      if (above === undefined) owners.push(...guessedAbove(current, owner));
      current = above;
    }
    return owners;
  }
}

/** A ReplicaSet of a Deployment is called after it, with the hash that its pods bear as a label. */
function guessedAbove({ value }: KubeObject, { kind, name }: Owner): Owner[] {
  if (kind === 'ReplicaSet') {
    const labels = isMapping(value.metadata) ? value.metadata.labels : undefined;
    const hash = isMapping(labels) ? labels['pod-template-hash'] : undefined;
    const above = typeof hash === 'string' && name.endsWith(`-${hash}`);
    return above ? [{ kind: 'Deployment', name: name.slice(0, -hash.length - 1), uid: '' }] : [];
  }
  // A Job of a CronJob, with the minute for which it was made.
  const cronJob = kind === 'Job' ? /^(.+)-\d{8,}$/.exec(name)?.[1] : undefined;
  return cronJob === undefined ? [] : [{ kind: 'CronJob', name: cronJob, uid: '' }];
}
