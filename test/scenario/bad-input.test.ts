import { describe, expect, test } from 'vitest';
import { CODE_DOCUMENTATION, DIAGNOSTIC_CODES } from '../../src/text/codes.js';
import { briefs, diagnosticsOf, HEAD, parse } from './support.js';

/** A pod named `p` in lines 5 to 9; more of its container may follow, indented by 10. */
const POD = `  pods:
    - name: p
      containers:
        - name: c
          program: app
`;

describe('a file that is no scenario', () => {
  test.each<[string, string, string[]]>([
    ['is empty', '', ['1:1 empty-file']],
    ['holds only a comment', '# nothing\n', ['1:1 empty-file']],
    ['holds only document marks', '---\n---\n', ['1:1 empty-file']],
    ['is no text but a program', '\x7fELF\x02\x01\0\0\x01: {\n\0', ['0:0 not-text']],
    ['is a text', 'hello\n', ['1:1 not-a-mapping']],
    ['is a list', '- 1\n- 2\n', ['1:1 not-a-mapping']],
    ['is a number', '42', ['1:1 not-a-mapping']],
    ['does not close a bracket', 'a: [1, 2\n', ['2:1 yaml-syntax']],
    ['does not close a quote', 'a: "x\n', ['2:1 yaml-syntax']],
    ['has two colons in a line', 'a: b: c\n', ['1:4 yaml-syntax']],
    ['is indented with a tab', 'a:\n\tb: 1\n', ['2:1 tab-indentation']],
    ['has a key twice', 'kind: Scenario\nkind: Scenario\n', ['2:1 duplicate-key']],
    ['has an alias without an anchor', 'a: *nobody\n', ['1:4 yaml-syntax']],
    ['has an alias that contains itself', 'a: &a [*a]\n', ['1:8 alias-bomb']],
    ['is a Kubernetes pod without a spec', 'apiVersion: v1\nkind: Pod\n', ['2:7 missing-key']],
    [
      'lacks everything',
      'a: 1\n',
      ['1:1 missing-key', '1:1 missing-key', '1:1 missing-key', '1:1 missing-key', '1:1 unknown-key'],
    ],
    ['is of another version', `${HEAD.replace('/v1', '/v9')}  seed: 1\n`, ['1:13 unknown-value']],
  ])('%s', (_, text, expected) => expect(briefs(diagnosticsOf(text))).toEqual(expected));

  test('is a billion laughs', () => {
    const lines = ['a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]'];
    for (let level = 1; level < 12; level++) {
      lines.push(
        `a${level}: &a${level} [${Array(9)
          .fill(`*a${level - 1}`)
          .join(', ')}]`,
      );
    }
    expect(briefs(diagnosticsOf(lines.join('\n')))).toEqual([expect.stringMatching(/alias-bomb$/)]);
  });

  test('is nested a hundred thousand levels deep', () => {
    expect(briefs(diagnosticsOf('['.repeat(100_000)))).toEqual([expect.stringMatching(/yaml-syntax$/)]);
    expect(briefs(diagnosticsOf(`a: ${'['.repeat(150)}${']'.repeat(150)}`))).toEqual([
      expect.stringMatching(/yaml-syntax$/),
    ]);
  });

  test('is larger than the bound', () => {
    expect(briefs(diagnosticsOf('#'.repeat(4_000_001)))).toEqual(['0:0 file-too-large']);
  });

  test('is a template that has not been rendered: the hint says so', () => {
    const [first] = diagnosticsOf('metadata:\n  name: {{ .Values.name }}\n  {{- if .Values.x }}\n');
    expect(first.code).toBe('yaml-syntax');
    expect(first.hint).toContain('helm template');
  });
});

describe('a value', () => {
  test.each<[string, string, string[]]>([
    ['that is negative: the seed', '  seed: -1', ['5:9 out-of-range']],
    ['that is not whole: the seed', '  seed: 1.5', ['5:9 not-an-integer']],
    ['that is a text where a number is needed', '  seed: "1"', ['5:9 wrong-type']],
    ['of nothing at all counts as absent', '  seed:', []],
    ['that is no duration', '  horizon: soon', ['5:12 bad-duration']],
    ['that is a duration without a unit', '  horizon: 30', ['5:12 wrong-type']],
    ['that is a negative duration', '  horizon: -30d', ['5:12 out-of-range']],
    ['that is too short a horizon', '  horizon: 1ms', ['5:12 out-of-range']],
    ['of ten years is as long as a horizon may be', '  horizon: 3653d', []],
    ['of more than ten years is too long a horizon', '  horizon: 3654d', ['5:12 horizon-too-long']],
    ['of 1000 years is too long a horizon', '  horizon: 365250d', ['5:12 horizon-too-long']],
    ['that gives too many samples', '  horizon: 30d\n  sampleEvery: 1s', ['6:16 too-many-samples']],
    ['that gives infinitely many samples', '  sampleEvery: 0s', ['5:16 out-of-range']],
    ['that is no memory quantity', '  node: {kernel: {memory: 16GB}}', ['5:27 bad-quantity']],
    ['that is more memory than can be', '  node: {kernel: {memory: 99Ei}}', ['5:27 out-of-range']],
    ['that is negative memory', '  node: {kernel: {memory: -1Gi}}', ['5:27 out-of-range']],
    ['that is no version', '  node: {kernel: {version: latest}}', ['5:28 bad-version']],
    ['that is a kubelet of years to come', '  node: {kubelet: {version: "1.99"}}', ['5:29 unknown-version?']],
    ['that is a runtime of years to come', '  node: {runtime: {version: "9.0"}}', ['5:29 unknown-version?']],
    ['that is half a version', '  node: {kernel: {version: 6}}', ['5:28 bad-version']],
    [
      'that is a version which YAML shortens',
      '  node: {kubelet: {version: 1.10}}',
      ['5:29 ambiguous-version'],
    ],
    ['that is a version in quotes', '  node: {kubelet: {version: "1.10"}}', []],
    ['that is a version which YAML keeps as it is', '  node: {pause: 3.1}', []],
    ['that is a pause image which YAML shortens', '  node: {pause: 3.10}', ['5:17 ambiguous-version']],
    ['that is an unknown runtime', '  node: {runtime: {name: rkt}}', ['5:26 unknown-value']],
    [
      'that is neither count nor percentage',
      '  node: {kubelet: {evictionHard: {pid.available: few}}}',
      ['5:50 bad-percentage'],
    ],
    [
      'that is a soft threshold without a grace period',
      '  node: {kubelet: {evictionSoft: {pid.available: 10%}}}',
      ['5:34 missing-key'],
    ],
    ['that is below the least pid_max', '  node: {kernel: {pidMax: 300}}', ['5:27 out-of-range']],
    ['that is the least pid_max', '  node: {kernel: {pidMax: 301}}', []],
    ['that is the greatest pid_max', '  node: {kernel: {pidMax: 4194304}}', []],
    ['that is above the greatest pid_max', '  node: {kernel: {pidMax: 4194305}}', ['5:27 out-of-range']],
    [
      'that is below the least pid_max of many CPUs (K6)',
      '  node: {kernel: {pidMax: 500, cpus: 64}}',
      ['5:27 out-of-range'],
    ],
    ['that is an interval of centuries', '  node: {sshLogins: {every: 100000d}}', ['5:29 out-of-range']],
    ['that is an interval below a second', '  node: {sshLogins: {every: 500ms}}', ['5:29 out-of-range']],
    ['that is a list where a mapping is needed', '  node: [1]', ['5:9 not-a-mapping']],
    ['that is a mapping where a list is needed', '  pods: {a: 1}', ['5:9 wrong-type']],
    ['that is no expectation', '  expect: [exhausted]', ['5:12 bad-expectation']],
    ['that is a number where an expectation is needed', '  expect: [1]', ['5:12 wrong-type']],
    ['of pod pids limit 0', '  node: {kubelet: {podPidsLimit: 0}}', ['5:34 out-of-range']],
    [
      'that reserves every number',
      '  node: {kernel: {pidMax: 400}, baseline: {tasks: 9}, kubelet: {reservedPids: 400}}',
      ['5:79 out-of-range'],
    ],
    [
      'that does not fit the node',
      '  node: {kernel: {pidMax: 301}, baseline: {tasks: 301}}',
      ['5:51 node-too-small'],
    ],
    ['that does not fit the memory (K40)', '  node: {kernel: {memory: 16Mi}}', ['5:9 node-too-small']],
  ])('%s', (_, spec, expected) => expect(briefs(diagnosticsOf(HEAD + spec))).toEqual(expected));
});

describe('a key', () => {
  test.each<[string, string, string[]]>([
    ['that is misspelt', '  sede: 1', ['5:3 unknown-key']],
    ['that is misspelt far down', '  node: {kernel: {pidmax: 400}}', ['5:19 unknown-key']],
    ['that is missing', '  node: {sshLogins: {}}', ['5:21 missing-key']],
    ['that is there twice', '  seed: 1\n  seed: 2', ['6:3 duplicate-key']],
    [
      'that is inherited by every object',
      '  constructor: 1\n  __proto__: 2',
      ['5:3 unknown-key', '6:3 unknown-key'],
    ],
  ])('%s', (_, spec, expected) => expect(briefs(diagnosticsOf(HEAD + spec))).toEqual(expected));

  test('that is misspelt comes with what was probably meant', () => {
    expect(diagnosticsOf(`${HEAD}  horizn: 1d`)[0]).toMatchObject({
      message: 'unknown key `horizn`',
      hint: 'Did you mean `horizon`?',
    });
  });

  test('that is like no other comes with all that there are', () => {
    expect(diagnosticsOf(`${HEAD}  xyzzy: 1`)[0].hint).toContain('seed, horizon');
  });
});

describe('a pod', () => {
  const pods = (text: string) => `${HEAD}  pods:\n${text}`;
  test.each<[string, string, string[]]>([
    ['without a name', '    - containers: [{name: c, program: app}]', ['6:7 missing-key']],
    ['with a name in capitals', '    - {name: P, containers: [{name: c, program: app}]}', ['6:14 bad-name']],
    [
      'that leaves its folder',
      '    - {name: ../x, containers: [{name: c, program: app}]}',
      ['6:14 bad-name'],
    ],
    ['without containers', '    - {name: p, containers: []}', ['6:29 out-of-range']],
    [
      'with two containers of a name',
      '    - {name: p, containers: [{name: c, program: app}, {name: c, program: app}]}',
      ['6:62 duplicate-name'],
    ],
    [
      'of the name of another',
      '    - {name: p, containers: [{name: c, program: app}]}\n    - {name: p, containers: [{name: c, program: app}]}',
      ['7:14 duplicate-name'],
    ],
    [
      'of the name of another’s copy',
      '    - {name: p, count: 2, containers: [{name: c, program: app}]}\n    - {name: p-1, containers: [{name: c, program: app}]}',
      ['7:14 duplicate-name'],
    ],
    ['zero times', '    - {name: p, count: 0, containers: [{name: c, program: app}]}', ['6:24 out-of-range']],
    [
      'with its own pid_max on an old kernel (K7)',
      '    - {name: p, pidMax: 800, containers: [{name: c, program: app}]}',
      ['6:25 needs-newer-version'],
    ],
    [
      'that shares with the host and within',
      '    - {name: p, hostPID: true, shareProcessNamespace: true, containers: [{name: c, program: app}]}',
      ['6:55 conflict'],
    ],
    [
      'of docker run that shares',
      '    - {name: p, sandbox: none, shareProcessNamespace: true, containers: [{name: c, program: app}]}',
      ['6:55 conflict'],
    ],
    [
      'of docker run with two containers',
      '    - {name: p, sandbox: none, containers: [{name: c, program: app}, {name: d, program: app}]}',
      ['6:44 conflict'],
    ],
    [
      'that stops before it starts',
      '    - {name: p, startAt: 2h, stopAt: 1h, containers: [{name: c, program: app}]}',
      ['6:38 conflict'],
    ],
    [
      'that starts after the end',
      '    - {name: p, startAt: 99d, containers: [{name: c, program: app}]}',
      ['6:26 beyond-horizon?'],
    ],
    ['whose container runs nothing', '    - {name: p, containers: [{name: c}]}', ['6:30 missing-key']],
    [
      'whose container runs two things',
      '    - {name: p, containers: [{name: c, program: app, command: [app]}]}',
      ['6:54 conflict'],
    ],
    [
      'whose program is unknown',
      '    - {name: p, containers: [{name: c, program: ap}]}',
      ['6:49 unknown-program'],
    ],
    [
      'whose command is unknown, which is an assumption',
      '    - {name: p, containers: [{name: c, command: [frobnicate]}]}',
      ['6:49 assumed-program?'],
    ],
    ['whose manifest is not there', '    - {manifest: nowhere.yaml}', ['6:18 missing-file']],
    [
      'with a manifest and what belongs in it',
      '    - {manifest: nowhere.yaml, restartPolicy: Never}',
      ['6:18 missing-file', '6:32 unknown-key'],
    ],
  ])('%s', (_, text, expected) => expect(briefs(diagnosticsOf(pods(text)))).toEqual(expected));
});

describe('a probe', () => {
  const probe = (text: string) => `${HEAD}${POD}          livenessProbe: ${text}`;
  test.each<[string, string, string[]]>([
    ['that does nothing', '{}', ['10:26 missing-key']],
    ['that does two things', '{httpGet: {port: 80}, tcpSocket: {port: 80}}', ['10:48 conflict']],
    ['that executes nothing', '{exec: {}}', ['10:33 missing-key']],
    ['that executes an empty command', '{exec: {command: []}}', ['10:43 out-of-range']],
    ['that executes two things', '{exec: {command: [app], program: app}}', ['10:50 conflict']],
    ['whose command is a text', '{exec: {command: app}}', ['10:43 wrong-type']],
    ['whose command has a number', '{exec: {command: [app, 5]}}', ['10:49 wrong-type']],
    [
      'whose command is unknown, which is an assumption',
      '{exec: {command: [frobnicate]}}',
      ['10:43 assumed-program?'],
    ],
    ['whose script has an open quote', `{exec: {command: [sh, -c, "echo 'a"]}}`, ['10:43 unknown-command']],
    ['whose command is of Windows', '{exec: {command: [cmd.exe, /c, dir]}}', ['10:43 unknown-command']],
    ['whose program is unknown', '{exec: {program: quick-chek}}', ['10:43 unknown-program']],
    ['with a negative period', '{httpGet: {port: 80}, periodSeconds: -5}', ['10:63 out-of-range']],
    ['with a period of 0', '{httpGet: {port: 80}, periodSeconds: 0}', ['10:63 out-of-range']],
    ['with a period of half a second', '{httpGet: {port: 80}, periodSeconds: 0.5}', ['10:63 not-an-integer']],
    ['with a period that is a duration', '{httpGet: {port: 80}, periodSeconds: 5s}', ['10:63 wrong-type']],
    ['with a negative delay', '{httpGet: {port: 80}, initialDelaySeconds: -1}', ['10:69 out-of-range']],
    [
      'of liveness that wants two successes (R13)',
      '{httpGet: {port: 80}, successThreshold: 2}',
      ['10:66 out-of-range'],
    ],
    ['with a misspelt key', '{httpGet: {port: 80}, periodSecond: 5}', ['10:48 unknown-key']],
    ['without a port', '{httpGet: {path: /}}', ['10:36 missing-key']],
  ])('%s', (_, text, expected) => expect(briefs(diagnosticsOf(probe(text)))).toEqual(expected));
});

describe('an intervention', () => {
  const intervention = (text: string) => `${HEAD}${POD}  interventions:\n    - ${text}`;
  test.each<[string, string, string[]]>([
    ['without a time', '{do: drain}', ['11:7 missing-key']],
    ['without a deed', '{at: 1h}', ['11:7 missing-key']],
    ['that is none', 'drain', ['11:7 not-a-mapping']],
    ['of an unknown kind', '{at: 1h, do: explode}', ['11:20 unknown-value']],
    ['with another one’s key', '{at: 1h, do: drain, pod: p}', ['11:27 unknown-key']],
    ['after the end', '{at: 31d, do: drain}', ['11:12 beyond-horizon?']],
    ['on an unknown pod', '{at: 1h, do: delete-pod, pod: q}', ['11:37 unknown-pod']],
    [
      'on an unknown container',
      '{at: 1h, do: restart-container, pod: p, container: d}',
      ['11:58 unknown-container'],
    ],
    [
      'on a probe that is not there',
      '{at: 1h, do: change-probe, pod: p, container: c, probe: livenessProbe, periodSeconds: 5}',
      ['11:63 unknown-probe'],
    ],
    [
      'that adds a probe',
      '{at: 1h, do: change-probe, pod: p, container: c, probe: livenessProbe, httpGet: {port: 80}}',
      [],
    ],
    [
      'that removes a probe which is not there',
      '{at: 1h, do: change-probe, pod: p, container: c, probe: livenessProbe, remove: true}',
      ['11:63 unknown-probe'],
    ],
    ['that bumps to no version', '{at: 1h, do: bump-pause, version: newest}', ['11:41 bad-version']],
    ['that sets too small a pid_max', '{at: 1h, do: set-pid-max, value: 10}', ['11:40 out-of-range']],
  ])('%s', (_, text, expected) => expect(briefs(diagnosticsOf(intervention(text)))).toEqual(expected));

  test('with a key that is none is not told to use one that it has', () => {
    const found = diagnosticsOf(intervention('{at: 1h, do: bump-pause, to: "3.1"}'));
    expect(found.map(({ code }) => code)).toEqual(['missing-key', 'unknown-key']);
    expect(found[1].hint).toMatch(/^Keys here: .*version/);
  });
});

describe('a program', () => {
  const program = (text: string) => `${HEAD}  programs:\n    leak:\n${text}`;
  test.each<[string, string, string[]]>([
    ['without steps', '      comm: leak', ['7:7 missing-key']],
    ['with an unknown step', '      comm: leak\n      steps:\n        - forc: {}', ['9:11 bad-program']],
    ['with a bad duration', '      comm: leak\n      steps:\n        - sleep: long', ['9:18 bad-duration']],
    [
      'that runs an unknown program',
      '      comm: leak\n      steps:\n        - exec: {program: nobody}',
      ['9:27 unknown-program'],
    ],
    ['that is another name of no command', '      leak', ['7:7 unknown-command']],
    ['that is a number', '      3', ['7:7 not-a-mapping']],
    ['that is in a file that is not there', '      file: x.yaml', ['7:13 missing-file']],
  ])('%s', (_, text, expected) => expect(briefs(diagnosticsOf(program(text)))).toEqual(expected));
});

describe('several documents', () => {
  const document = (name: string) =>
    `apiVersion: pidsim/v1\nkind: Scenario\nmetadata: {name: ${name}}\nspec: {}\n`;

  test('are several scenarios', () => {
    const parsed = parse(`${document('a')}---\n${document('b')}`);
    expect(parsed.ok && parsed.value.map(({ name }) => name)).toEqual(['a', 'b']);
  });

  test('with one name are a mistake in the second', () => {
    expect(briefs(diagnosticsOf(`${document('a')}---\n${document('a')}`))).toEqual(['8:18 duplicate-name']);
  });

  test('are all checked, even when the first is wrong', () => {
    expect(briefs(diagnosticsOf(`a: 1\n---\n${document('B')}`))).toContain('5:18 bad-name');
  });
});

describe('a setting that these versions do not heed is a warning', () => {
  test.each<[string, string, string[]]>([
    [
      'eviction on PIDs before 1.14 (R24)',
      '{kubelet: {version: "1.13", evictionHard: {pid.available: 10%}}}',
      ['5:51 needs-newer-version?'],
    ],
    [
      'reserved PIDs before 1.15 (R22)',
      '{kubelet: {version: "1.14", reservedPids: 100}}',
      ['5:51 needs-newer-version?'],
    ],
    [
      'pod PIDs limit before 1.10 (R22)',
      '{kubelet: {version: "1.9", podPidsLimit: 100}}',
      ['5:50 needs-newer-version?'],
    ],
    [
      'the shared-PID flag of Docker in 1.12 (R3)',
      '{kubelet: {version: "1.12", dockerDisableSharedPid: true}, runtime: {name: docker}}',
      ['5:61 no-effect?'],
    ],
    [
      'the shared-PID flag of Docker in 1.7',
      '{kubelet: {version: "1.7", dockerDisableSharedPid: true}, runtime: {name: docker}}',
      [],
    ],
    ['no setsid with a real runtime', '{runtime: {name: containerd, setsid: false}}', ['5:46 no-effect?']],
    ['no setsid with the bare runtime', '{runtime: {name: bare, setsid: false}}', []],
  ])('%s', (_, node, expected) => {
    const parsed = parse(`${HEAD}  node: ${node}`);
    expect(parsed.ok).toBe(true);
    expect(parsed.ok && briefs(parsed.warnings)).toEqual(expected);
  });
});

describe('every diagnostic', () => {
  const everything = [HEAD.replace('case', 'X'), '  a: 1\n  b: 2\n', POD.replace('app', 'nothing')].join('');

  test('names its file, its place, a documented code, a message and a hint', () => {
    for (const diagnostic of diagnosticsOf(everything)) {
      expect(diagnostic.file).toBe('case.yaml');
      expect(diagnostic.line).toBeGreaterThan(0);
      expect(diagnostic.column).toBeGreaterThan(0);
      expect(DIAGNOSTIC_CODES).toContain(diagnostic.code);
      expect(diagnostic.message).not.toBe('');
      expect(diagnostic.hint).not.toBe('');
    }
  });

  test('comes at once with all the others, in reading order', () => {
    expect(briefs(diagnosticsOf(everything))).toEqual([
      '3:18 bad-name',
      '5:3 unknown-key',
      '6:3 unknown-key',
      '11:20 unknown-program',
    ]);
  });

  test('has a code that says what it means and what to do', () => {
    for (const code of DIAGNOSTIC_CODES) {
      expect(CODE_DOCUMENTATION[code].meaning).toMatch(/\.$/);
      expect(CODE_DOCUMENTATION[code].remedy).toMatch(/[.>]$/);
    }
  });
});
