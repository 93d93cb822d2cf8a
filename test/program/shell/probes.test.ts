// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts are shell scripts
/** The commands that manifests have get an answer, and what is taken for granted in it is said. */
import { describe, expect, test } from 'vitest';
import { programLibrary, resolveCommand } from '../../../src/program/catalogue/index.js';
import { lifeOf } from '../../../src/program/shell/life.js';
import { World } from '../world.js';
import { PROBES } from './probes.js';
import { FOUND } from './probes-found.js';

const LIBRARY = programLibrary();

describe('a probe’s command has a program that runs', () => {
  test.each([...PROBES, ...FOUND].map((command) => [command.join(' '), command] as const))(
    '%j',
    (_, command) => {
      for (const userland of ['debian', 'busybox', 'rhel'] as const) {
        const resolution = resolveCommand(command, LIBRARY, { userland });
        if (!resolution.ok) throw new Error(resolution.problem.message);
        const world = new World('pause-3.1');
        world.enter(resolution.source);
        world.run('30s');
        expect(world.machine.runaway).toBeNull();
      }
    },
  );
});

test('a script that dash does not read, of a container whose `sh` is not known, is one for bash', () => {
  const saidOf = (script: string): string[] => {
    const resolution = resolveCommand(['sh', '-c', script], LIBRARY, {});
    return resolution.ok ? resolution.assumed.map(({ what }) => what) : [resolution.problem.message];
  };
  for (const script of ['source /env', 'x=abc; [ ${x:0:1} = a ]', 'n=1; n+=2', '(( n++ ))'])
    expect(saidOf(script)).toContain('the script is not one for dash');
  for (const script of ['. /env', 'x=abc; [ ${x:-y} = abc ]', 'n=$((n+2))', 'echo $(( (n) ))'])
    expect(saidOf(script)).toContain('which shell `sh` is in the image is not known');
});

/** 0: the probe succeeds in its usual course. */
function usual(script: string): { status: number; said: string[] } {
  const resolution = resolveCommand(['bash', '-c', script], LIBRARY, { userland: 'debian' });
  if (!resolution.ok) throw new Error(resolution.problem.message);
  return {
    status: lifeOf(resolution.source.steps, LIBRARY).status,
    said: resolution.assumed.map(({ what }) => what),
  };
}

describe('a command that looks for something', () => {
  const nothing = 'whether this finds something is not known; taken as nothing';

  test.each([
    'supervisorctl status | grep -v RUNNING && exit 1 || exit 0',
    'if grep -q ERROR /var/log/app; then exit 1; fi',
    'if ps | grep -q "[d]efunct"; then echo found; exit 1; fi; cat /a',
    'if ! grep -q ERROR /var/log/app; then exit 0; else exit 1; fi',
    '! grep -q ERROR /var/log/app',
    'nginx -s quit; while pgrep -x nginx; do sleep 1; done',
    'while killall -0 nginx; do sleep 1; done',
  ])('finds nothing where the probe would fail if it did: %s', (script) => {
    expect(usual(script)).toMatchObject({ status: 0, said: expect.arrayContaining([nothing]) });
  });

  test.each([
    'grep -q OK /tmp/a || exit 1',
    'pgrep app && exit 0; exit 1',
    'if ! pgrep app; then exit 1; fi',
    '! pgrep app && echo it is gone && exit 1; exit 0',
    'if pgrep app; then exit 0; else exit 1; fi',
    'until pgrep app; do sleep 1; done',
    'while ! pgrep app; do sleep 1; done',
  ])('finds it where the probe would fail if it did not: %s', (script) => {
    expect(usual(script)).toEqual({ status: 0, said: [] });
  });

  test('is no other command, whose status is its program’s', () => {
    expect(usual('false && exit 1 || exit 0').status).toBe(0);
    expect(usual('cat /a && exit 1 || exit 0').status).toBe(1);
  });
});

describe('the usual course of a probe succeeds, and looks at something', () => {
  const lifeAndNotes = (script: string) => {
    const resolution = resolveCommand(['bash', '-c', script], LIBRARY, { userland: 'debian' });
    if (!resolution.ok) throw new Error(resolution.problem.message);
    const { status, endUs } = lifeOf(resolution.source.steps, LIBRARY);
    const notes = resolution.assumed.map(({ what }) => what);
    return {
      status,
      ends: endUs < 60_000_000,
      starts: /"(fork|exec)":/.test(JSON.stringify(resolution.source.steps)),
      notes,
    };
  };

  test.each([
    [
      'if [ -f /tmp/maintenance ]; then exit 0; else exec pg_isready; fi',
      'a test of the file /tmp/maintenance is not known; taken as false',
    ],
    [
      'test -f /tmp/backup && exit 0; nc -z localhost 80 || exit 1',
      'a test of the file /tmp/backup is not known; taken as false',
    ],
    [
      'if [ "$SKIP" ] && [ -z "$USER_NAME" ]; then exit 0; fi; mysqladmin ping',
      'whether a text is empty is not known; taken as false',
    ],
    [
      'up=$(s6-svstat -o up /s); if [ "$up" = false ]; then code=127; else code=0; fi; exit $code',
      'what is compared here is not known; taken as false',
    ],
    ['! (ps aux | grep java)', 'whether this finds something is not known; taken as nothing'],
    [
      'while true; do s=$(curl localhost); if ! echo "$s" | grep x; then break; fi; sleep 1; done',
      'whether this finds something is not known; taken as nothing',
    ],
  ])('%s', (script, note) => {
    const { notes, ...course } = lifeAndNotes(script);
    expect(course).toEqual({ status: 0, ends: true, starts: true });
    expect(notes).toContain(note);
  });

  test('but one that nothing can save fails, and one that a file decides alone starts nothing', () => {
    expect(lifeAndNotes('[ -f /tmp/a ] && exit 3; exit 2').status).toBe(2);
    expect(lifeAndNotes('[ -f /tmp/a ]')).toMatchObject({ status: 0, starts: false });
  });

  test('a terminal that somebody opens is meant to stay', () => {
    const own = programLibrary(new Map([['/bin/bash', { comm: 'bash', steps: ['pause'] }]]));
    const script = '[ -x /bin/bash ] && exec /bin/bash || exec /bin/sh';
    const resolution = resolveCommand(['sh', '-c', script], own, { userland: 'debian' });
    const said = resolution.ok ? resolution.assumed.map(({ what }) => what) : [];
    expect(said).toContain('a test of the file /bin/bash is not known; taken as true');
  });

  test('and a status that a program has is taken as it is', () => {
    const own = programLibrary(new Map([['check', { comm: 'check', steps: [{ exit: 4 }] }]]));
    const resolution = resolveCommand(['sh', '-c', '[ -f /tmp/a ] || exit 0; check'], own, {
      userland: 'debian',
    });
    expect(resolution.ok && lifeOf(resolution.source.steps, own).status).toBe(4);
  });

  test('a flag that hangs on how commands end is said to', () => {
    const { status, notes } = lifeAndNotes(
      'n=0; for p in 80 81; do nc -z localhost $p || n=$((n+1)); done; [ $n -gt 1 ] && exit 1; exit 0',
    );
    expect(status).toBe(0);
    expect(notes).toContain('`n` hangs on how commands end; taken as they usually do');
  });
});
