/** The worlds behind the page, in Node: there and back is the same, and the film shows what the world is. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { forest } from '../../src/report/ps.js';
import { Run } from '../../src/run/run.js';
import { parseScenario } from '../../src/scenario/parse.js';
import { FilmMaker } from '../../src/web/engine/film.js';
import { type Frame, MOMENTS, momentUs, type Opening } from '../../src/web/engine/messages.js';
import { Passage, Passages } from '../../src/web/engine/passages.js';
import { World } from '../../src/web/engine/world.js';

const yaml = (name: string): string => readFileSync(`src/web/chapters/${name}.yaml`, 'utf8');

function open(name: string, more: Partial<Opening> = {}): World {
  const opening = { yaml: yaml(name), settings: [], pod: null, acts: [], isSmall: false, ...more };
  const { opened, world } = World.open(opening);
  if (world === null) throw new Error(JSON.stringify(opened));
  return world;
}

const MINUTE = 60_000_000;

describe('a large world', () => {
  test('is the same whether one comes to a moment from before it or from after it', () => {
    const world = open('docker', { pod: 'app' });
    world.seek(10 * MINUTE);
    const first = world.frame(true);
    world.seek(20 * MINUTE);
    expect(world.frame(true)).not.toEqual(first);
    world.seek(10 * MINUTE);
    expect(world.frame(true)).toEqual(first);
  });

  describe('with runs that stand at several moments', () => {
    const standing = (more: Partial<Opening> = {}): World => {
      // A larger table, which an hour does not fill.
      const world = open('docker', { pod: 'app', settings: ['node.kernel.pidMax=4096'], ...more });
      world.passages.standAt([10, 20, 30, 40, 50].map((minutes) => minutes * MINUTE));
      while (world.passages.tend());
      return world;
    };
    /** As a run shows them that goes from the beginning through all of them. */
    const inOneGo = (world: World, moments: readonly number[]): Map<number, Frame> => {
      const passage = world.again();
      const shown = (timeUs: number): [number, Frame] => {
        passage.to(timeUs);
        return [timeUs, world.frame(true, passage.run)];
      };
      return new Map([...moments].sort((a, b) => a - b).map(shown));
    };
    /** Half of them in the middle of a health check. */
    const anywhere = (world: World): number[] =>
      [50, 1, 30, 29, 10, 58, 20, 2, 40].flatMap((minutes, index) => {
        const timeUs = minutes * MINUTE + index;
        return [world.steps(timeUs, 40)[20].timeUs, timeUs];
      });

    test('any moment is shown as by a run that has gone through everything, in whatever order', () => {
      const world = standing();
      const moments = anywhere(world);
      const right = inOneGo(world, moments);
      for (const timeUs of moments) {
        world.seek(timeUs);
        expect(world.frame(true)).toEqual(right.get(timeUs));
        if (timeUs % 3 === 1) while (world.passages.tend());
      }
      const looks = [...right.values()].map(({ rows, cells }) => JSON.stringify([rows, [...cells]]));
      expect(new Set(looks).size).toBe(moments.length);
    });

    test('the way to a moment is a part of the whole, also again and again', () => {
      const { scenario } = open('docker');
      const made: Passage[] = [];
      const passages = new Passages(scenario.horizonUs, () => {
        made.push(new Passage(scenario, []));
        return made[made.length - 1];
      });
      const events = (): number => made.reduce((sum, { run }) => sum + run.sim.eventCount, 0);
      passages.at(60 * MINUTE);
      const whole = events();
      passages.standAt([10, 20, 30, 40, 50].map((minutes) => minutes * MINUTE));
      const wayTo = (minutes: number): number => {
        const before = events();
        expect(passages.at(minutes * MINUTE).nowUs).toBe(minutes * MINUTE);
        return events() - before;
      };
      for (const minutes of [59, 39, 19]) {
        while (passages.tend());
        expect(wayTo(minutes)).toBeGreaterThan(0);
        // As much as it takes from one place to the next: so the place that was left is filled first.
        for (let step = 0; step < MOMENTS / 6; step++) passages.tend();
        expect(wayTo(minutes - 1)).toBeLessThan(whole / 4);
      }
    });

    test('what is done by hand is done in all of them', () => {
      const acts = [
        { atUs: 15 * MINUTE, act: { do: 'delete-pod', pod: 'app', recreate: true, atUs: 0 } } as const,
      ];
      const world = standing({ acts });
      const moments = anywhere(world);
      const right = inOneGo(world, moments);
      for (const timeUs of moments) {
        world.seek(timeUs);
        expect(world.frame(true)).toEqual(right.get(timeUs));
      }
      world.seek(35 * MINUTE);
      world.act({ do: 'restart-container', pod: 'app', container: 'app', atUs: 0 });
      const changed = inOneGo(world, moments);
      expect([...changed.values()]).not.toEqual([...right.values()]);
      for (const timeUs of moments) {
        world.seek(timeUs);
        expect(world.frame(true)).toEqual(changed.get(timeUs));
      }
    });

    test('steps lead past what is done by hand', () => {
      const act = { do: 'restart-container', pod: 'app', container: 'app', atUs: 0 } as const;
      const world = standing({ acts: [{ atUs: 100_200_000, act }] });
      const frames = world.steps(100_000_000, 200);
      expect(frames.at(-1)!.timeUs).toBeGreaterThan(100_200_000);
      expect(frames.map(({ words }) => words).join('\n')).toMatch(/SIGTERM|SIGKILL/);
      const last = frames.at(-1)!.timeUs;
      world.seek(last);
      expect(world.frame(true)).toEqual(inOneGo(world, [last]).get(last));
    });
  });

  test.each([null, 'app'])(
    'its film has the same tree and table at each of its moments, seen from %j',
    (pod) => {
      const world = open('docker', { pod });
      const film = new FilmMaker(world);
      expect(film.at(0)).toBeNull();
      while (!film.isDone) film.goOn();
      for (const index of [0, 1, 15, 16, 17, 120, 333, MOMENTS]) {
        const timeUs = momentUs(index, 60 * MINUTE);
        world.seek(timeUs);
        expect(film.at(timeUs)).toEqual(world.frame(true));
      }
      expect(film.at(momentUs(7, 60 * MINUTE) + 1)).toBeNull();
    },
  );

  test('its tree is the one that ps draws, though of a crowd of zombies only one is looked at', () => {
    const incident = readFileSync('scenarios/rabbitmq-pause-3.0.yaml', 'utf8');
    const { value } = parseScenario(incident) as Extract<ReturnType<typeof parseScenario>, { ok: true }>;
    const run = new Run(value[0]);
    const world = open('docker', { yaml: incident, pod: 'rabbitmq' });
    for (const minutes of [20, 47, 300]) {
      world.seek(minutes * MINUTE);
      while (!run.advance(minutes * MINUTE));
      const [{ processes }] = run.podProcesses('rabbitmq')!;
      const drawn = forest(processes).map(({ row: { pid, stat, comm }, count, depth }) => [
        pid,
        stat,
        comm,
        count,
        depth,
      ]);
      const { rows } = world.frame(true);
      expect(rows!.map(({ pid, stat, comm, count, depth }) => [pid, stat, comm, count, depth])).toEqual(
        drawn,
      );
    }
  });

  test('tells transitions from a moment on, and the last ones before it', () => {
    const world = open('docker');
    const after = world.steps(100_000_000, 30);
    expect(after.length).toBeGreaterThanOrEqual(30);
    expect(after[0].timeUs).toBeGreaterThanOrEqual(100_000_000);
    const next = world.steps(after[after.length - 1].timeUs, 10);
    const before = world.stepsBefore(next[0].timeUs, 12);
    expect(before.length).toBeGreaterThanOrEqual(12);
    const lookOf = (frames: Frame[]) =>
      frames.slice(-12).map(({ words, cells, rows }) => ({ words, cells, rows }));
    expect(lookOf(before)).toEqual(lookOf(after));
    const together = open('docker').steps(100_000_000, after.length + next.length);
    expect(together.map(({ words }) => words)).toEqual([...after, ...next].map(({ words }) => words));
  });

  test('tells of a pod only what happens in it, not in another', () => {
    const incident = readFileSync('scenarios/rabbitmq-pause-3.0.yaml', 'utf8');
    const steps = open('docker', { yaml: incident, pod: 'redis' }).steps(60_000_000, 30);
    expect(steps.length).toBeGreaterThanOrEqual(30);
    const words = steps.map((frame) => frame.words).join('\n');
    expect(words).toContain('redis-cli');
    expect(words).not.toMatch(/pg_isready|inet_gethost|beam/);
  });

  test('goes on with what has been done to it, when it begins anew', () => {
    const world = open('pause');
    world.seek(5 * MINUTE);
    expect(world.act({ do: 'delete-pod', pod: 'rabbitmq', recreate: true, atUs: 0 }).join(' ')).toContain(
      'Pod deleted',
    );
    world.seek(30 * MINUTE);
    const first = world.frame(true);
    world.seek(MINUTE);
    world.seek(30 * MINUTE);
    expect(world.frame(true)).toEqual(first);
    const again = open('pause', { acts: world.acts });
    again.seek(30 * MINUTE);
    expect(again.frame(true)).toEqual(first);
  });

  test('without a run is told to be wrong, with places', () => {
    const { opened, world } = World.open({
      yaml: 'kind: Scenario\nspec: {horizon: x}',
      settings: [],
      pod: null,
      acts: [],
      isSmall: false,
    });
    expect(world).toBeNull();
    expect(opened.ok ? [] : opened.diagnostics.map(({ line }) => line)).toContain(2);
  });
});

test('the text of chapter 6 is right: some 800 zombies an hour, of whom the kubelet counts each, and no pinned PID', () => {
  const incident = readFileSync('scenarios/rabbitmq-pause-3.0.yaml', 'utf8');
  const world = open('docker', { yaml: incident });
  world.seek(10 * 60 * MINUTE);
  const { zombies, pinned, live, kubelet, allocated } = world.frame(false).counts;
  expect(Math.round(zombies / 1_000)).toBe(8);
  expect(pinned / zombies).toBeGreaterThan(0.8);
  expect([live + zombies, live + zombies + pinned]).toEqual([kubelet, allocated]);
  world.seek(74_071_400_000);
  const full = world.frame(false).counts;
  expect(full.free).toBeLessThan(3);
  expect(Math.round(100 - (100 * full.kubelet) / full.pidMax)).toBe(45);
});

describe('a small world', () => {
  test('has a frame for each transition, and who has which PID in it', () => {
    const frames = open('defunct', { pod: 'demo', isSmall: true }).steps(0, 1_000);
    const zombie = frames.find(({ kind }) => kind === 'zombie')!;
    expect(zombie.about).toEqual([3]);
    expect(zombie.holders).toMatchObject({ 3: expect.stringContaining('PID 3 is child, a zombie') });
    expect(zombie.rows!.map(({ pid, stat, depth }) => [pid, stat, depth])).toEqual([
      [1, 'Ss', 0],
      [2, 'S', 1],
      [3, 'Z', 2],
    ]);
    expect(zombie.programs!.map(({ name }) => name)).toEqual(['init', 'parent', 'child']);
    const before = frames[frames.indexOf(zombie) - 1];
    expect([before.kind, before.rows!.at(-1)!.stat]).toEqual(['exit', 'S']);
  });
});
