/** The model against what real kernels did: on any machine, without privileges. */

import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { differencesFrom } from '../../../src/lab/litmus/expect.js';
import { type Litmus, litmusOf, parseLitmus } from '../../../src/lab/litmus/litmus.js';
import { runOnModel } from '../../../src/lab/litmus/model-run.js';
import { litmusHash, type ObservedFile, observationOf } from '../../../src/lab/litmus/observed.js';
import type { World } from '../../../src/lab/litmus/world.js';
import { kernelRules } from '../../../src/node/versions/kernel.js';
import {
  KILL_TARGETS,
  SIGCHLD_DISPOSITIONS,
  SIGNAL_NAMES,
  SIGTERM_DISPOSITIONS,
} from '../../../src/program/step.js';
import { isFollowed, readRuleBook } from '../../rule-book.js';
import { coverageOf } from '../fuzz/coverage.js';
import { generateLitmus } from '../fuzz/generate.js';
import { printLitmus } from '../fuzz/print.js';
import { shrinkLitmus } from '../fuzz/shrink.js';
import { litmusPaths, OBSERVED_FOLDER, readLitmusFiles } from './files.js';

const all = readLitmusFiles();
const byName = new Map(all.map((litmus) => [litmus.name, litmus]));
const observed = readdirSync(OBSERVED_FOLDER).map(
  (name) => JSON.parse(readFileSync(join(OBSERVED_FOLDER, name), 'utf8')) as ObservedFile,
);

/** Rules of the kernel that a litmus cannot show: about the machine, a cgroup's removal, users, pidfds, memory. */
const BEYOND_A_NAMESPACE = ['K6', 'K13', 'K36', 'K40', 'K41', 'K42'];

function restOf(outcome: ReturnType<typeof runOnModel>): World {
  if (outcome.kind !== 'rest') throw new Error(`the model is ${outcome.kind}`);
  return outcome.world;
}

/** What is written down of a world, as it is read again. */
function kept(world: World, litmus: Litmus): unknown {
  return JSON.parse(JSON.stringify(observationOf(litmus, world)));
}

describe.each(observed)('on the model as on Linux $kernel', ({ kernel, cgroup, observations }) => {
  const rules = kernelRules(kernel, cgroup)!;

  const seen = all.filter(({ name }) => name in observations);
  it.each(seen.map((litmus) => [litmus.name, litmus] as const))('%s', (name, litmus) => {
    const observation = observations[name];
    expect(observation.hash, 'it was observed as another litmus: record it again').toBe(litmusHash(litmus));
    const model = restOf(runOnModel(litmus, { rules }));
    // Where the controller's events were not read, the model's count has nothing to be compared with.
    const pidsEvents = observation.pidsEvents === null ? null : model.pidsEvents;
    expect(kept({ ...model, pidsEvents }, litmus)).toEqual(observation);
    expect(differencesFrom(litmus.expect!, model)).toEqual([]);
  });

  it('holds no observation of a litmus that is gone', () => {
    expect(Object.keys(observations).filter((name) => !byName.has(name))).toEqual([]);
  });
});

describe('the litmus files', () => {
  it('have each been observed on some kernel: `pidsim lab verify --record`', () => {
    expect(
      all.map(({ name }) => name).filter((name) => !observed.some((o) => name in o.observations)),
    ).toEqual([]);
  });

  it.each(litmusPaths())('%s is named as its file, and says what to expect', (path) => {
    const litmus = byName.get(basename(path, '.yaml'));
    expect(litmus?.expect).toBeTruthy();
  });

  it('have twins that exist and come out otherwise', () => {
    for (const { name, twin, source } of all) {
      if (twin === undefined) continue;
      const other = byName.get(twin);
      expect(other, `${name} has a twin ${twin}`).toBeDefined();
      expect({ [twin]: other!.source.expect }).not.toEqual({ [twin]: source.expect });
    }
  });

  it('show every rule that a namespace can show', () => {
    const shown = new Set(all.flatMap(({ rules }) => rules));
    const rules = readRuleBook().rules.filter(({ id, status }) => id.startsWith('K') && isFollowed(status));
    const missing = rules.map(({ id }) => id).filter((id) => !shown.has(id));
    expect(missing).toEqual(BEYOND_A_NAMESPACE);
  });

  it('print to text that reads as the same litmus', () => {
    for (const litmus of all) {
      const again = parseLitmus(printLitmus(litmus.source), litmus.file);
      expect(again.ok && again.value.source).toEqual(litmus.source);
    }
  });
});

describe('an observation', () => {
  /** Every world that differs from this one in a single number or word. */
  function* others(world: World): Generator<World> {
    for (const path of leavesOf(world)) {
      const copy = structuredClone(world);
      type Parts = Record<string | number, unknown>;
      const owner = path.slice(0, -1).reduce((value, key) => value[key] as Parts, copy as unknown as Parts);
      const [key, value] = [path.at(-1)!, owner[path.at(-1)!]];
      owner[key] = typeof value === 'number' ? value + 1 : `${value}x`;
      yield copy;
    }
  }

  it('is another one for each world that differs, be it in one number of one process', () => {
    let count = 0;
    for (const litmus of all.filter((_, index) => index % 3 === 0)) {
      const world = restOf(runOnModel(litmus));
      if (world.outside.tasks.length > 12) continue;
      const own = JSON.stringify(kept(world, litmus));
      for (const other of others(world)) {
        expect(JSON.stringify(kept(other, litmus))).not.toBe(own);
        count++;
      }
    }
    expect(count).toBeGreaterThan(1_000);
  });
});

/** The paths of all numbers and texts in it. */
function leavesOf(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return value === null ? [] : [path];
  return Object.entries(value).flatMap(([key, part]) => leavesOf(part, [...path, key]));
}

describe('a bad litmus', () => {
  const GOOD = `
name: small
question: q
rules: [K1]
programs:
  init: {comm: init, steps: [pause]}
init: init
`;
  const problemsOf = (text: string): string[] => {
    const parsed = parseLitmus(text, 'small.yaml');
    return parsed.ok ? [] : parsed.diagnostics.map(({ line, column, code }) => `${line}:${column} ${code}`);
  };

  it('is none of these', () => expect(problemsOf(GOOD)).toEqual([]));

  it.each([
    ['an unknown key', `${GOOD}speed: 3\n`, '8:1 unknown-key'],
    ['an unknown program', GOOD.replace('init: init', 'init: other'), '7:7 unknown-program'],
    ['a step that does not exist', GOOD.replace('[pause]', '[snooze]'), '6:30 bad-program'],
    ['a missing question', GOOD.replace('question: q\n', ''), '2:1 missing-key'],
    ['a duration without a unit', `${GOOD}enter: [{at: 10, program: init}]\n`, '8:14 wrong-type'],
    ['a random sleep', GOOD.replace('[pause]', '[{sleep: {uniform: [1s, 2s]}}]'), '6:9 conflict'],
    ['a real coin', GOOD.replace('[pause]', '[{chance: {p: 0.5, steps: [pause]}}]'), '6:9 conflict'],
    ['too many PIDs', `${GOOD}limits: {pidMax: 4194304}\n`, '8:18 out-of-range'],
    ['too few PIDs', `${GOOD}limits: {pidMax: 300}\n`, '8:18 out-of-range'],
    [
      'a namespace that no entry makes',
      `${GOOD}enter: [{at: 1s, program: init, into: below}]\n`,
      '8:39 conflict',
    ],
    ['an entry of nothing', `${GOOD}enter: [{at: 1s}]\n`, '8:9 missing-key'],
  ])('%s is a diagnostic', (_, text, expected) => expect(problemsOf(text)).toEqual([expected]));

  it('is text that is no mapping, or no text at all', () => {
    expect(problemsOf('- a\n- b\n')).toEqual(['1:1 not-a-mapping']);
    expect(problemsOf('')).toEqual(['1:1 empty-file']);
  });
});

describe('a program that never comes to rest', () => {
  const restless = (steps: string): string => {
    const parsed = parseLitmus(
      `{name: a, question: q, rules: [], programs: {a: {comm: a, steps: ${steps}}}, init: a}`,
      'a.yaml',
    );
    return parsed.ok ? runOnModel(parsed.value, { eventsMax: 10_000 }).kind : 'bad';
  };

  it('is reported as such', () => {
    expect(restless('[{repeat: {times: forever, steps: [{sleep: 1s}]}}]')).toBe('restless');
  });

  it('is at rest when it pauses, however late', () => {
    expect(restless('[{repeat: {times: 3, steps: [{sleep: 100h}]}}, pause]')).toBe('rest');
  });
});

describe('the fuzzer', () => {
  it('makes litmus programs that are valid, and the same ones from the same seed', () => {
    for (let index = 0; index < 300; index++) {
      const source = generateLitmus(7, index);
      const litmus = litmusOf(source);
      expect(litmus.ok ? [] : litmus.diagnostics).toEqual([]);
      expect(generateLitmus(7, index)).toEqual(source);
    }
  });

  it('makes programs of every step, way in and limit, that meet every refusal and end', () => {
    const { steps, entries, limits, refusals, worlds } = coverageOf(1, 800);
    const kills = [...KILL_TARGETS, 'LABEL'].flatMap((target) =>
      SIGNAL_NAMES.map((signal) => `kill ${target} ${signal}`),
    );
    const others =
      'sleep pause fork exec threads wait-any wait-all wait-LABEL reap setsid setpgid kill repeat if status break';
    const wanted = [
      ...others.split(' ').map((name) => name.replace('-', ' ')),
      ...['repeat forever', 'chance', 'exit', 'exit waited', 'exit-main-thread', 'fork program'],
      ...['fork orElse', 'threads orElse', 'kill orElse', 'subreaper true', 'subreaper false'],
      ...SIGCHLD_DISPOSITIONS.map((disposition) => `sigchld ${disposition}`),
      ...SIGTERM_DISPOSITIONS.map((disposition) => `on-term ${disposition}`),
      ...kills,
    ];
    expect(wanted.filter((name) => !(steps.get(name)! >= 40))).toEqual([]);
    expect([...entries.keys()].sort()).toEqual([
      'PID 1 never reaped',
      'into a nested namespace',
      'makes a nested namespace',
      'never reaped',
      'nobody enters',
      'parent leaves',
      'series',
      'subreaper outside',
      'with setsid',
      'without setsid',
    ]);
    expect([...limits.keys()].sort()).toEqual(['hostPidMax', 'nested pidMax', 'pidMax', 'pidsMax', 'until']);
    const fulls = ['pid-max inside', 'pid-max nested', 'pid-max outside', 'pids-cgroup'];
    expect([...refusals.keys()].sort()).toEqual(['namespace-dead inside', 'namespace-dead nested', ...fulls]);
    expect([...worlds.keys()].sort()).toEqual([
      'PID 1 a zombie',
      'PIDs have wrapped',
      'dead leader, live threads',
      'namespace gone',
      'pinned PIDs',
      'threads',
      'zombies',
    ]);
  });

  it('shrinks a litmus to what matters', async () => {
    const source = generateLitmus(7, 3);
    const mentions = (text: string) => (litmus: object) => JSON.stringify(litmus).includes(text);
    const wanted = mentions('setpgid');
    const smallest = await shrinkLitmus(
      {
        ...source,
        programs: { ...source.programs, init: { comm: 'init', steps: ['setpgid', 'setsid', 'pause'] } },
      },
      async (candidate) => litmusOf(candidate).ok && wanted(candidate.programs.init as object),
    );
    expect(smallest.programs).toEqual({ init: { comm: 'init', steps: ['setpgid'] } });
    expect(smallest.enter).toEqual([]);
  });
});
