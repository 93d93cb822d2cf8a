import { describe, expect, test } from 'vitest';
import { answer, headline } from '../../src/report/answer.js';
import { harmCell, timeToHarm, toneOf } from '../../src/report/harm-words.js';
import { expectationFailures } from '../../src/report/message.js';
import { headlineMoments } from '../../src/report/moments.js';
import { pinnedFooter } from '../../src/report/ps.js';
import { explainPodRefusal, explainRefusal } from '../../src/report/refusal.js';
import {
  blameHeadline,
  blameSubtitle,
  kubeletHeadline,
  overviewHeadline,
  overviewLabel,
  symptomsHeadline,
  symptomsSubtitle,
} from '../../src/report/titles.js';
import type { PodRefusal, Refuser } from '../../src/run/result.js';
import { lastReading } from '../../src/run/story.js';
import * as runs from './fixtures.js';

describe('what the report must not leave out', () => {
  test('the moment of the title is marked, however many interventions come before it', () => {
    const run = runs.leakingRun();
    const restarts = Array.from({ length: 9 }, (_, hour) => ({
      timeSeconds: 3600 * (1 + hour),
      kind: 'intervention' as const,
      subject: 'rabbitmq',
      detail: 'restart container',
    }));
    const labels = headlineMoments({ ...run, events: [...restarts, ...run.events] }).map(
      ({ label }) => label,
    );
    expect(labels.at(-1)).toBe('full: 22.4 h');
    expect(labels.length).toBeLessThan(restarts.length);
    expect(labels.at(-2)).toBe('restart container: 5 h (and 4 more later)');
  });

  test('a pod that is refused forks is harmed, though the node would only fill up later', () => {
    const run = runs.slowRun();
    const [base] = runs.refusedInPodRun().symptoms.podRefusals;
    const refusal = { ...base, pod: 'web', of: 'web', atSeconds: 3600 };
    const refused = { ...run, symptoms: { ...run.symptoms, podRefusals: [refusal] } };
    expect(headline(refused)).toMatch(/^Pod web full after 60 min \(pids.max 1,024\); the node has room/);
    expect(answer(refused)).toContain('The cgroup has as many tasks as its pids.max allows.');
    expect([toneOf(refused), timeToHarm(refused), harmCell(refused)]).toEqual(['bad', '60 min', 'pod full']);
    expect(toneOf(run)).toBe('doubtful');
    expect(answer(run)).not.toContain('pids.max');
  });
});

describe('a title is an answer', () => {
  test('a full node says when, and what fills it', () => {
    expect(headline(runs.leakingRun())).toBe('Full after 22.4 h: 16,110 zombies hold 32,220 PIDs');
    expect(timeToHarm(runs.leakingRun())).toBe('22.4 h');
  });

  test('a full node that is rescued says since when', () => {
    expect(headline(runs.recoveringRun())).toBe(
      'Full after 22.4 h: 16,110 zombies hold 32,220 PIDs; free again at 30 h',
    );
  });

  test('a full node that is rescued, and full again, says both, and for how long in all', () => {
    const rescued = runs.recoveringRun();
    const [first] = rescued.exhaustions;
    const again = { ...first, atSeconds: 151_200, untilSeconds: null };
    const twice = { ...rescued, exhaustions: [first, again] };
    expect(headline(twice)).toBe(
      'Full after 22.4 h: 16,110 zombies hold 32,220 PIDs; free again at 30 h, full again at 42 h',
    );
    expect(answer(twice)).toContain(
      'The node is full again from 42 h to the end of the run: in all for 13.6 h of 2 d.',
    );
    const often = { ...twice, exhaustions: [first, { ...again, untilSeconds: 154_800 }, again] };
    expect(answer(often)).toContain('The node is full 3 times, the last from 42 h to the end');
    expect(answer(rescued)).not.toContain('The node is full');
    const brief = { ...rescued, exhaustions: [{ ...first, untilSeconds: first.atSeconds + 60 }] };
    expect(headline(brief)).toMatch(/^Full after 22.4 h: .*; free again 60 s later$/);
    const briefly = [first, { ...again, untilSeconds: again.atSeconds + 60 }];
    expect(answer({ ...rescued, exhaustions: briefly })).toContain(
      'full again from 42 h on for 60 s: in all',
    );
    expect(headlineMoments(twice).map(({ label }) => label)).toContain('full again: 42 h');
  });

  test('a node that is full until pid_max is raised says so, not that PIDs were given back', () => {
    const full = runs.leakingRun();
    const { timeline } = full;
    const untilSeconds = timeline.time_s.find((seconds) => seconds > 30 * 3600)!;
    const pid_max = timeline.time_s.map((seconds) => (seconds < untilSeconds ? 32_768 : 65_536));
    const raised = {
      ...full,
      exhaustions: [{ ...full.exhaustions[0], untilSeconds }],
      timeline: { ...timeline, pid_max },
    };
    expect(answer(raised)).toContain('pid_max is raised from 32,768 to 65,536, and forks work again.');
    expect(answer(raised)).not.toContain('given back');
    expect(answer(runs.recoveringRun())).toContain('PIDs have been given back');
  });

  test('a node that nothing fills says within which time it did not, and that it would not later', () => {
    const run = runs.healthyRun();
    expect(headline(run)).toBe('Not full in 30 d: 906 of 32,768 PIDs in use, and not at this rate');
    expect([toneOf(run), timeToHarm(run), harmCell(run)]).toEqual(['good', '-', 'none in 30 d']);
    expect(overviewLabel(run)).toBe('not full in 30 d, nor at this rate');
  });

  test('a node whose pods are full before it says so, though PIDs accumulate', () => {
    const bounded = runs.healthyRun({ projection: { kind: 'never', pidsPerHour: 170, method: 'a line' } });
    expect(headline(bounded)).toBe(
      'Not full in 30 d: 906 of 32,768 PIDs in use, and each pod is full before it',
    );
    expect(answer(bounded)).toContain(
      'not by its pods: each is full by itself before (170 PIDs per hour; a line).',
    );
    expect(answer(runs.healthyRun())).toContain('does not fill up within 30 d, and not at this rate');
  });

  test('a run that ends too early says when it would be full', () => {
    const title = 'Not full in 10 d, but after 32.7 d at this rate: 9,840 zombies hold 9,840 PIDs';
    expect(headline(runs.slowRun())).toBe(title);
    expect(timeToHarm(runs.slowRun())).toBe('~32.7 d');
    expect(overviewLabel(runs.slowRun())).toBe('not full in 10 d (full after 32.7 d at this rate)');
  });

  test('a run without a projection promises nothing', () => {
    const run = runs.slowRun({ projection: null });
    expect(headline(run)).toBe('Not full in 10 d: 10,092 of 32,768 PIDs in use');
    expect([timeToHarm(run), toneOf(run)]).toEqual(['-', 'doubtful']);
  });

  test('a leak that ended in time is not called healthy', () => {
    expect(headline(runs.curedInTimeRun())).toBe(
      'Not full: 20,367 of 32,768 in use at 14 h, then given back',
    );
  });

  test('a leak that ended and began again is told with both', () => {
    expect(headline(runs.leakingAgainRun())).toBe(
      '20,136 PIDs given back at 14 h, yet full after 36.4 h at this rate',
    );
  });

  test('a burst of live tasks that ends is no recovery', () => {
    const run = runs.healthyRun();
    const tasks = run.timeline.tasks.map((count, row) => (row === 500 ? 20_000 : count));
    const burst = { ...run, timeline: { ...run.timeline, tasks, allocated: tasks } };
    expect(headline(burst)).toMatch(/^Not full in 30 d/);
  });

  test('forks refused inside a pod are told although the node is fine', () => {
    const run = runs.refusedInPodRun();
    expect(headline(run)).toBe(
      'Pod web-3 full after 5 h (pids.max 1,024); the node has room: 906 of 32,768 PIDs in use',
    );
    const [first] = run.symptoms.podRefusals;
    const podRefusals = [first, { ...first, pod: 'web-4', of: 'web-4', atSeconds: 20_000 }];
    expect(headline({ ...run, symptoms: { ...run.symptoms, podRefusals } })).toMatch(
      /^2 pods full, web-3 first at 5 h \(pids.max 1,024\); the node has room/,
    );
    expect(headline(runs.healthyRun())).not.toMatch(/refused/);
  });

  test('a table full of live tasks does not blame zombies', () => {
    const run = runs.leakingRun();
    const { timeline } = run;
    const swapped = {
      ...timeline,
      tasks: timeline.allocated,
      zombies: timeline.tasks,
      pinned: timeline.ssh_refused,
    };
    const live = { ...run, timeline: { ...swapped, ssh_refused: timeline.ssh_refused } };
    expect(headline(live)).toBe('Full after 22.4 h: 32,468 tasks alive');
  });

  test('the kubelet chart says what the kubelet believes at that moment', () => {
    expect(kubeletHeadline(runs.leakingRun())).toBe(
      'Full after 22.4 h, yet the kubelet still counts 16,410 free PIDs',
    );
    expect(kubeletHeadline(runs.healthyRun())).toBe(
      'Nothing is hidden: the kubelet sees all 906 PIDs in use',
    );
    expect(kubeletHeadline(runs.curedInTimeRun())).toBe(
      'The kubelet misses 49 % of what is in use: it sees 10,310 of 20,367',
    );
  });

  test('the symptoms chart says who notices when, or that nobody does', () => {
    expect(symptomsHeadline(runs.recoveringRun())).toBe(
      'Probes fail at 22.4 h, logins at 22.6 h, new pods at 22.9 h',
    );
    expect(symptomsHeadline(runs.healthyRun())).toBe('Nothing that was tried fails within 30 d');
    expect(symptomsHeadline(runs.refusedInPodRun())).toBe(
      'Nothing that was tried outside the pod fails within 30 d',
    );
  });

  test('the symptoms are counted, and so is what worked', () => {
    expect(symptomsSubtitle(runs.recoveringRun(), null)).toBe(
      'In the whole run of 2 d: 2,744 failed probes, 15 failed pod creations, 41 refused logins and 5 stuck deletions',
    );
    expect(symptomsSubtitle(runs.healthyRun(), null)).toMatch(
      /^In the whole run of 30 d: .*, and every one worked$/,
    );
  });

  test('the copies of a pod are blamed together', () => {
    expect(blameHeadline(runs.leakingRun())).toBe('The liveness probe of rabbitmq holds 99.2 % of the PIDs');
    expect(blameHeadline(runs.tenPodsRun())).toBe('The liveness probes of 10 pods hold 98 % of the PIDs');
    const [host] = runs.leakingRun().blame.filter(({ pod }) => pod === 'node');
    expect(blameHeadline(runs.leakingRun({ blame: [host] }))).toBe('The host itself holds 100 % of the PIDs');
    const login = { ...host, origin: 'ssh' as const, program: 'sshd' };
    expect(blameHeadline(runs.leakingRun({ blame: [login] }))).toBe('Ssh logins hold 100 % of the PIDs');
    expect(blameHeadline(runs.leakingRun({ blame: [] }))).toBe('No process holds a PID');
  });

  test('of a node that was full and has room again, what held the PIDs then is told', () => {
    const recovering = runs.recoveringRun();
    expect(blameHeadline(recovering)).toMatch(/^The liveness probe of rabbitmq held 9\d/);
    expect(blameSubtitle(recovering)).toMatch(
      /^What held the 3\d,\d{3} PIDs .* refused its first fork \(.* h\)$/,
    );
  });

  test('of a node that is full to the end, or never was, who holds them at the end', () => {
    expect(blameSubtitle(runs.leakingRun())).toContain('at the end of the run');
    expect(blameSubtitle(runs.curedInTimeRun())).toContain('at the end of the run');
    const [full] = runs.recoveringRun().exhaustions;
    const again = runs.recoveringRun({
      exhaustions: [full, { ...full, atSeconds: 2e6, untilSeconds: null }],
    });
    expect(blameSubtitle(again)).toContain('at the end of the run');
  });

  test('the overview counts the scenarios that fill the table and names the first', () => {
    const all = [runs.healthyRun(), runs.leakingRun(), runs.tenPodsRun()];
    expect(overviewHeadline(all)).toBe(
      '2 of 3 scenarios come to harm, ten-rabbitmq-pods first: node full after 2.21 h',
    );
    expect(overviewHeadline([runs.healthyRun(), runs.slowRun()])).toBe(
      'None of 2 scenarios comes to harm within its run, but 1 would: slow-leak first, full after 32.7 d at this rate',
    );
    expect(overviewHeadline([runs.healthyRun(), runs.healthyRun()])).toBe(
      'None of 2 scenarios comes to harm',
    );
    expect(overviewHeadline([runs.healthyRun()])).toBe(headline(runs.healthyRun()));
  });
});

describe('the answer in sentences', () => {
  test('names the limit, what is held, and who notices', () => {
    expect(answer(runs.recoveringRun())).toBe(
      'The node refuses its first fork after 22.4 h: no PID below pid_max is free. It then holds 248 live tasks, ' +
        '16,110 zombies and 16,110 pinned PIDs: 32,468 of 32,768 PIDs in use. ' +
        'At 30 h, 32,216 PIDs have been given back: of 32,468 in use, 252 are left. The first probe fails at 22.4 h, ' +
        'the first ssh login is refused at 22.6 h and the first pod cannot be created at 22.9 h.',
    );
  });

  test('explains why a small table is full before all its PIDs are in use', () => {
    expect(answer(runs.tinyRun())).toContain('PIDs below 300 are not handed out again');
    expect(answer(runs.leakingRun())).not.toContain('below 300');
  });

  test('says by which method a projection was made', () => {
    expect(answer(runs.slowRun())).toContain(
      'at 41 PIDs per hour it would after 32.7 d (least squares over the last half of the run)',
    );
  });

  test.each(runs.ALL_RUNS.map((make) => [make().scenario.name, make()] as const))(
    '%s: is prose',
    (_, run) => {
      const text = answer(run);
      expect(text).not.toMatch(/undefined|null|NaN|Infinity| {2}|\.\./);
      expect(text).toMatch(/^[A-Z].*\.$/);
    },
  );
});

describe('refusals', () => {
  const limits: Refuser[] = ['pid-max', 'threads-max', 'pids-cgroup', 'rlimit-nproc', 'namespace-dead'];
  test.each(limits)('%s: has a cause, a consequence and a remedy', (limit) => {
    const [base] = runs.refusedInPodRun().symptoms.podRefusals;
    const texts = [
      explainRefusal(limit, lastReading(runs.leakingRun())),
      explainPodRefusal({ ...base, refusedBy: limit }),
    ];
    for (const { cause, consequence, remedy } of texts) {
      for (const text of [consequence, remedy]) expect(text).toMatch(/^[A-Z].*\.$/);
      expect(cause).toMatch(/^[a-z].*[^.]$/);
    }
  });

  test('the remedy for a table of live tasks is not to reap', () => {
    const leak = lastReading(runs.leakingRun());
    const live = { ...leak, tasks: leak.allocated, zombies: 0, pinned: 0 };
    expect(explainRefusal('pid-max', live).remedy).toContain('tasks that are alive');
    expect(explainRefusal('pid-max', leak).remedy).toContain('process that reaps');
  });

  test('the limit of all pods together is not the pod’s own, and podPidsLimit does not help there', () => {
    const [own] = runs.refusedInPodRun().symptoms.podRefusals;
    const all = explainPodRefusal({ ...own, limitOf: 'all-pods', of: 'all pods' });
    expect(all.cause).toContain('kubepods');
    expect(all.remedy).not.toContain('podPidsLimit');
    expect(explainPodRefusal(own).remedy).toContain('podPidsLimit');
    const one = explainPodRefusal({ ...own, limitOf: 'container' });
    expect(one.cause).toContain('the container has');
    expect(one.remedy).not.toContain('podPidsLimit');
  });

  test('what is over is told as over, what comes again is counted, and a moment is called one', () => {
    const run = runs.refusedInPodRun();
    const [first] = run.symptoms.podRefusals;
    const told = (...podRefusals: PodRefusal[]) =>
      headline({ ...run, symptoms: { ...run.symptoms, podRefusals } }).replace(/; the node .*/, '');
    const ended = { ...first, untilSeconds: 21_600, firstForSeconds: 3600, forSeconds: 3600 };
    expect(told(ended)).toBe('Pod web-3 full from 5 h to 6 h (pids.max 1,024)');
    const moment = { ...ended, untilSeconds: 18_020, firstForSeconds: 20, forSeconds: 20 };
    expect(told(moment)).toBe('Pod web-3: forks refused for a moment at 5 h (pids.max 1,024)');
    const often = { ...moment, times: 143, lastAtSeconds: 143 * 18_000, forSeconds: 143 * 20 };
    expect(told(often)).toBe(
      'Pod web-3: forks refused 143 times, every 5 h from 5 h on, 20 s each (pids.max 1,024)',
    );
    const nearlyAlways = { ...often, forSeconds: 0.95 * 143 * 18_000, untilSeconds: null };
    expect(told(nearlyAlways)).toBe('Pod web-3 full from 5 h on, with 142 short breaks (pids.max 1,024)');
    const other = { pod: 'web-4', of: 'web-4' };
    expect(told(ended, { ...ended, ...other, untilSeconds: 28_800 })).toBe(
      '2 pods full, web-3 first at 5 h (pids.max 1,024), until 8 h',
    );
    expect(told(ended, { ...first, ...other })).toBe(
      '2 pods full, web-3 first at 5 h (pids.max 1,024), 1 to the end',
    );
    const shared = { limitOf: 'all-pods' as const, of: 'all pods' };
    expect(told({ ...first, ...shared }, { ...first, ...shared, pod: 'web-4' })).toBe(
      'All pods full after 5 h (pids.max 1,024): 2 pods are refused forks',
    );
  });

  test('an eviction is a harm, and whether the pod comes back is said', () => {
    const run = runs.healthyRun();
    const evicted = { atSeconds: 3600, times: 1, threshold: 500 };
    const mostlyDown = { sinceSeconds: 3600, upSeconds: 0 };
    const gone = { ...run, pods: [{ ...run.pods[0], evicted, downSinceSeconds: 3600, mostlyDown }] };
    expect(headline(gone)).toMatch(/^Pod web-0 is evicted at 60 min, and it does not come back; the node/);
    expect([toneOf(gone), harmCell(gone)]).toEqual(['bad', 'evicted']);
    expect(answer(gone)).toContain('Pod web-0 is down from 60 min on.');
    const back = { ...gone, pods: [{ ...run.pods[0], evicted, comesBack: true }] };
    expect(headline(back)).toMatch(/and it comes back; the node/);
    const two = { ...back, pods: [...back.pods, { ...gone.pods[0], name: 'web-1' }] };
    expect(headline(two)).toMatch(/^2 pods are evicted, web-0 first at 60 min; 1 comes back;/);
    expect(answer(run)).not.toMatch(/evicted|down/);
  });
});

test('an expectation that failed is told with what was the case', () => {
  const expectations = [
    { text: 'exhausted == false', ok: false, actual: 'true' },
    { text: 'timeToExhaustion < 36h', ok: true, actual: '22.4 h' },
  ];
  expect(expectationFailures('rabbitmq-pause-3.0', expectations)).toEqual([
    'rabbitmq-pause-3.0: expected exhausted == false, but it was true',
  ]);
});

test('the footer of ps says how many PIDs it cannot show, or that there are none', () => {
  expect(pinnedFooter(8117)).toMatch(/^8,117 more PIDs are taken, which ps cannot show/);
  expect(pinnedFooter(1)).toMatch(/^1 more PID is /);
  expect(pinnedFooter(0)).toMatch(/^No PID is pinned/);
});
