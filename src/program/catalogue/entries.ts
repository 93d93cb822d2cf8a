/** The catalogue's programs by name. Each is built when it is first asked for. */
import type { ProgramSource } from '../step.js';
import type { CatalogueEntry } from './entry.js';
import { measuredEntries } from './measured.js';
import { INIT_NAMES, PROGRAMS, wrap } from './programs.js';
import {
  RABBITMQ_COMMANDS,
  rabbitmqCommand,
  rabbitmqctlNodeHealthCheck,
  rabbitmqServer,
} from './rabbitmq.js';
import { busyboxTimeout, coreutilsTimeout } from './timeouts.js';

/**
 * Single-process commands that probes are made of: one short-lived process each, no child. Of those that
 * Debian 12 has, strace saw no fork and no thread (2026-11-29: coreutils 9.1, procps 4.0, psmisc 23.6, jq
 * 1.6); what was measured with its time is in measured.json.
 */
const PLAIN =
  'true false cat ls grep egrep fgrep pkill killall top wc sort uniq cut tr head sed awk gawk mawk date ' +
  'hostname id whoami seq basename dirname expr readlink realpath jq yq nproc uname df du tee touch rm ' +
  'mkdir cp mv chmod chown ln diff cmp od printenv base64 md5sum sha256sum which openssl ss netstat ip ' +
  'getent dig nslookup ping printf echo';

/**
 * rabbitmqctl as of 2017 to 2019, of which 3 orphans a run are published (habitat core-plans issue 1099:
 * counts of 27, 26 and 39). How they come about is the mechanism measured on 3.10.8: `erl` starts an `epmd
 * -daemon`, which detaches and then ends, since the server's own has the port; the Erlang VM ends before its
 * `erl_child_setup` (if it aborts, in 28 % of the cases); the outer `inet_gethost` does not wait for the
 * inner.
 */
const RABBITMQCTL_2017 = 'rabbitmqctl-2017 node_health_check';

export const CATALOGUE: ReadonlyMap<string, CatalogueEntry> = new Map<string, CatalogueEntry>([
  ['pause', always(PROGRAMS['pause-3.1'])],
  named('pause-3.0'),
  named('pause-3.1'),
  // An init by itself runs the ordinary application; `tini -- NAME` runs another.
  ...INIT_NAMES.map((name): [string, CatalogueEntry] => [name, { build: once(() => wrap(name, 'app')) }]),
  named('app'),
  named('app-no-wait'),
  named('app-waits-own-child'),
  named('app-main-thread-exits'),
  named('sleep'),
  ['tail', always(PROGRAMS.tail)],
  named('plain-binary'),
  ...plainBinaries(),
  ...measuredEntries(),
  named('script-background-job'),
  named('script-outlives-timeout'),
  ['busybox timeout', { build: once(() => busyboxTimeout({ program: 'true' })) }],
  ['coreutils-timeout', { build: once(() => coreutilsTimeout({ program: 'true' })) }],
  ['rabbitmq-server', { build: once(rabbitmqServer), anyArguments: true }],
  [
    'rabbitmqctl node_health_check',
    { build: once(() => rabbitmqctlNodeHealthCheck()), withShare: rabbitmqctlNodeHealthCheck },
  ],
  ['rabbitmqctl status', constant(PROGRAMS[RABBITMQCTL_2017])],
  ...erlangTools(),
  named(RABBITMQCTL_2017),
]);

function plainBinaries(): [string, CatalogueEntry][] {
  return PLAIN.split(' ').map((comm) => {
    const plain = PROGRAMS['plain-binary'];
    const steps = comm === 'false' ? [...plain.steps, { exit: 1 }] : plain.steps;
    return [comm, always({ ...plain, comm, steps })];
  });
}

/** `rabbitmqctl status` by itself is the command of 2017, of which 3 zombies a run are published. */
function erlangTools(): [string, CatalogueEntry][] {
  return Object.entries(RABBITMQ_COMMANDS).flatMap(([tool, commands]) =>
    commands.map((command): [string, CatalogueEntry] => {
      const name = tool === 'rabbitmqctl' && command === 'status' ? `${tool}-3.8` : tool;
      const withShare = (share: number) => rabbitmqCommand(tool, share);
      return [`${name} ${command}`, { build: once(() => rabbitmqCommand(tool)), withShare }];
    }),
  );
}

function named(name: keyof typeof PROGRAMS): [string, CatalogueEntry] {
  return [name, constant(PROGRAMS[name])];
}

function constant(source: ProgramSource): CatalogueEntry {
  return { build: () => source };
}

function always(source: ProgramSource): CatalogueEntry {
  return { build: () => source, anyArguments: true };
}

function once(build: () => ProgramSource): () => ProgramSource {
  let built: ProgramSource | undefined;
  return () => (built ??= build());
}
