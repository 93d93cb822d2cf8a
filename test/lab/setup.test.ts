/** The lab where something is in its way: what it says, and with which exit code. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { compileHelper } from '../../src/lab/namespace/setup.js';
import { describeLive, itWith } from './live.js';

const CLI = join(import.meta.dirname, '../../dist/cli.js');
const NOBODY = 65534;
const INIT = ['lab', 'init', '--after', '0', '--patience', '1', '--', 'sleep', '1000'];
let home: string;

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'pidsim-setup-'));
  chmodSync(home, 0o755);
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

function folder(name: string): string {
  const path = join(home, name);
  mkdirSync(path);
  return path;
}

function pidsim(args: readonly string[], env: NodeJS.ProcessEnv, before: readonly string[] = []) {
  const [program, ...words] = [...before, process.execPath, CLI, ...args];
  const { status, stdout, stderr } = spawnSync(program, words, {
    encoding: 'utf8',
    env: { ...process.env, PIDSIM_LAB: '', ...env },
  });
  return { status, stdout, stderr };
}

const LITMUS = ['lab', 'verify', 'test/litmus/init-lives.yaml'];

describeLive('a folder for helpers', () => {
  it('that is somebody else’s is not used: 1, and nothing is called skipped', () => {
    const TMPDIR = folder('foreign');
    mkdirSync(join(TMPDIR, `pidsim-lab-${process.getuid!()}`));
    chownSync(join(TMPDIR, `pidsim-lab-${process.getuid!()}`), NOBODY, NOBODY);
    for (const args of [INIT, LITMUS]) {
      const { status, stderr } = pidsim(args, { TMPDIR });
      expect([status, stderr]).toEqual([
        1,
        expect.stringMatching(/not a directory of ours alone.*remove it, or set TMPDIR/),
      ]);
      expect(stderr).not.toContain('skipped');
    }
  });

  it('that is a file, or is not there, is said to be in the way', () => {
    const TMPDIR = folder('file');
    writeFileSync(join(TMPDIR, `pidsim-lab-${process.getuid!()}`), '');
    expect(pidsim(INIT, { TMPDIR })).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('the lab has no folder'),
    });
  });

  itWith(['unshare', 'mount'], 'that is mounted noexec is said to be so', () => {
    const TMPDIR = folder('noexec');
    const script = `mount -t tmpfs -o noexec none ${TMPDIR} && TMPDIR=${TMPDIR} exec "$@"`;
    const { status, stderr } = pidsim(INIT, {}, ['unshare', '-m', 'sh', '-c', script, 'sh']);
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/cannot be run \(is it mounted noexec\?\): set TMPDIR/),
    ]);
    return Promise.resolve();
  });

  it('with a broken helper in it: 1, and what to do', () => {
    const TMPDIR = folder('broken');
    expect(pidsim(INIT, { TMPDIR }).status).toBe(99);
    const own = join(TMPDIR, `pidsim-lab-${process.getuid!()}`);
    for (const name of readdirSync(own)) writeFileSync(join(own, name), 'no program');
    const { status, stderr } = pidsim(INIT, { TMPDIR });
    expect([status, stderr]).toEqual([1, expect.stringMatching(/does not run|is broken/)]);
    expect(stderr).not.toContain('skipped');
  });
});

describeLive('a machine without a compiler', () => {
  it('is told how to get one, or how to do without: 3', () => {
    const { status, stderr } = pidsim(INIT, { PATH: folder('empty') });
    expect([status, stderr]).toEqual([
      3,
      expect.stringMatching(/apt-get install gcc.*apk add gcc.*PIDSIM_LAB_HELPERS/s),
    ]);
  });

  it('runs helpers that were compiled elsewhere', () => {
    const helpers = folder('helpers');
    copyFileSync(compileHelper('namespace'), join(helpers, 'namespace'));
    const bin = folder('bin');
    for (const name of ['sleep', 'sh'].filter((each) => existsSync(`/bin/${each}`)))
      symlinkSync(`/bin/${name}`, join(bin, name));
    const { status, stdout } = pidsim(INIT, {
      PATH: bin,
      PIDSIM_LAB_HELPERS: helpers,
      TMPDIR: folder('unused'),
    });
    expect([status, stdout]).toEqual([99, expect.stringContaining('Not a good PID 1')]);
    expect(readdirSync(join(home, 'unused'))).toEqual([]);
  });
});

describeLive('an ordinary user', () => {
  itWith(['setpriv', 'tini'], 'examines an init in a user namespace', () => {
    const TMPDIR = folder('user');
    chownSync(TMPDIR, NOBODY, NOBODY);
    const user = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];
    const good = pidsim(
      [
        'lab',
        'init',
        '--after',
        '0',
        '--require',
        'reaping,term,signals,status',
        '--',
        'tini',
        '--',
        'sleep',
        '1000',
      ],
      { TMPDIR },
      user,
    );
    expect([good.status, good.stdout]).toEqual([0, expect.stringContaining('all 256 statuses were its own')]);
    expect(pidsim(INIT, { TMPDIR }, user).status).toBe(99);
    return Promise.resolve();
  });

  itWith(['setpriv'], 'runs no litmus, which needs the machine’s root: 3', () => {
    const user = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];
    expect(pidsim(LITMUS, {}, user).status).toBe(3);
    return Promise.resolve();
  });
});

describeLive('exit codes', () => {
  it('of `lab init`: 0 good, 99 bad, 1 not examined', () => {
    expect(pidsim(['lab', 'init', '--after', '0', '--', 'pause-reaping'], {}).status).toBe(0);
    expect(pidsim(['lab', 'init', '--after', '0', '--patience', '1', '--', 'pause'], {}).status).toBe(99);
    expect(pidsim(['lab', 'init', '--', 'true'], {}).status).toBe(1);
    for (const option of [
      ['--require', 'manners'],
      ['--after', 'soon'],
      ['--burst', '0'],
      ['--patience', '-1'],
    ])
      expect(pidsim(['lab', 'init', ...option, '--', 'true'], {}).status).toBe(2);
  });

  it('of `lab record --max-zombies`: 0 within it, 99 above it, 1 when no run succeeded', () => {
    const record = (zombiesMax: number, script: string) =>
      pidsim(
        ['lab', 'record', '--runs', '2', '--max-zombies', String(zombiesMax), '--', 'sh', '-c', script],
        {},
      );
    expect(record(0, 'true').status).toBe(0);
    expect(record(1, 'sleep 0.1 & exit 0').status).toBe(0);
    const more = record(0, 'sleep 0.1 & exit 0');
    expect([more.status, more.stderr]).toEqual([
      99,
      expect.stringContaining('a run left 1 zombie, more than 0'),
    ]);
    const failed = record(0, 'exit 2');
    expect([failed.status, failed.stderr]).toEqual([1, expect.stringContaining('every run failed')]);
    expect(failed.stdout).not.toContain('as often as you like');
  });
});
