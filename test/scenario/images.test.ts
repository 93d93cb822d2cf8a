/** A container of which only the image is named: what that is known to run, as an assumption that is said. */
import { describe, expect, test } from 'vitest';
import images from '../../src/program/catalogue/images.json' with { type: 'json' };
import { simulate } from '../../src/run/run.js';
import { diagnosticsOf, HEAD, scenarioOf } from './support.js';

const ORPHAN = 'livenessProbe: {exec: {command: [sh, -c, "sleep 1 & true"]}}';

function podOf(image: string): string {
  return `  horizon: 1h\n  pods: [{name: p, containers: [{name: c, image: "${image}", ${ORPHAN}}]}]\n`;
}

function zombiesOf(image: string): number {
  return simulate(scenarioOf(podOf(image), { library: undefined })).timeline.zombies.at(-1)!;
}

describe('an image whose name is well known', () => {
  test.each(['postgres:15', 'docker.io/library/nginx:1.27@sha256:0', 'elasticsearch:7.17'])(
    'runs a server that reaps: %s',
    (image) => expect(zombiesOf(image)).toBeLessThan(5),
  );

  test.each(['redis:7', 'quay.io/prometheus/prometheus:v2', 'bitnami/kafka', 'shop/app:1'])(
    'runs one that does not, or is not known: %s',
    (image) => expect(zombiesOf(image)).toBeGreaterThan(300),
  );

  test('is said in the answer, and does not warn; another one warns as well', () => {
    const { assumptions } = scenarioOf(podOf('postgres:15'));
    expect(assumptions[0]).toMatchObject({
      where: 'spec.pods[0].containers[0].image',
      what: 'what the image `postgres:15` runs is not said',
    });
    expect(assumptions[0].effect).toMatch(/taken for `postgres` .* reaps strangers at once/);
    expect(diagnosticsOf(HEAD + podOf('postgres:15'))).toEqual([]);
    expect(diagnosticsOf(HEAD + podOf('shop/app:1')).map(({ code }) => code)).toEqual(['assumed-program']);
    expect(scenarioOf(podOf('shop/app:1')).assumptions[0].effect).toMatch(/wait for none/);
  });

  test('has a program of the catalogue, and no name twice', () => {
    for (const [name, called] of Object.entries(images))
      for (const image of called.split(' '))
        expect(scenarioOf(podOf(image), { library: undefined }).assumptions[0].effect, image).toContain(
          `\`${name}\``,
        );
    const all = Object.values(images).flatMap((names) => names.split(' '));
    expect(new Set(all).size).toBe(all.length);
  });
});
