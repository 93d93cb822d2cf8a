/** The catalogue's programs by name. Each is built when it is first asked for. */
import type { ProgramSource } from '../step.js';
import { APP, APP_MAIN_THREAD_EXITS, APP_NO_WAIT, APP_WAITS_OWN_CHILD, SLEEP_FOREVER, TAIL } from './apps.js';
import type { CatalogueEntry } from './entry.js';
import { INIT_NAMES, wrap } from './inits.js';
import { measuredEntries } from './measured.js';
import { PAUSE_3_0, PAUSE_3_1 } from './pause.js';
import { PLAIN_BINARY, SCRIPT_BACKGROUND_JOB, SCRIPT_OUTLIVES_TIMEOUT } from './probes.js';
import {
  RABBITMQ_COMMANDS,
  rabbitmqCommand,
  rabbitmqctl2017,
  rabbitmqctlNodeHealthCheck,
  rabbitmqServer,
} from './rabbitmq.js';
import { busyboxTimeout, coreutilsTimeout } from './timeouts.js';

/**
 * Single-process commands that probes are made of: one short-lived process each, no child. Of those that
 * Debian 12 has, strace saw no fork and no thread (2026-11-29: coreutils 9.1, procps 4.0, psmisc 23.6, jq 1.6);
 * what was measured with its time is in measured.json.
 */
const PLAIN =
  'true false cat ls grep egrep fgrep pkill killall top wc sort uniq cut tr head sed awk gawk mawk date ' +
  'hostname id whoami seq basename dirname expr readlink realpath jq yq nproc uname df du tee touch rm ' +
  'mkdir cp mv chmod chown ln diff cmp od printenv base64 md5sum sha256sum which openssl ss netstat ip ' +
  'getent dig nslookup ping printf echo';

export const CATALOGUE: ReadonlyMap<string, CatalogueEntry> = new Map<string, CatalogueEntry>([
  ['pause', always(PAUSE_3_1)],
  ['pause-3.0', constant(PAUSE_3_0)],
  ['pause-3.1', constant(PAUSE_3_1)],
  // An init by itself runs the ordinary application; `tini -- NAME` runs another.
  ...INIT_NAMES.map((name): [string, CatalogueEntry] => [name, { build: once(() => wrap(name, 'app')) }]),
  ['app', constant(APP)],
  ['app-no-wait', constant(APP_NO_WAIT)],
  ['app-waits-own-child', constant(APP_WAITS_OWN_CHILD)],
  ['app-main-thread-exits', constant(APP_MAIN_THREAD_EXITS)],
  ['sleep', constant(SLEEP_FOREVER)],
  ['tail', always(TAIL)],
  ['plain-binary', constant(PLAIN_BINARY)],
  ...plainBinaries(),
  ...measuredEntries(),
  ['script-background-job', constant(SCRIPT_BACKGROUND_JOB)],
  ['script-outlives-timeout', constant(SCRIPT_OUTLIVES_TIMEOUT)],
  ['busybox timeout', { build: once(() => busyboxTimeout({ program: 'true' })) }],
  ['coreutils-timeout', { build: once(() => coreutilsTimeout({ program: 'true' })) }],
  ['rabbitmq-server', { build: once(rabbitmqServer), anyArguments: true }],
  ['rabbitmqctl node_health_check', { build: once(() => rabbitmqctlNodeHealthCheck()) }],
  ['rabbitmqctl status', { build: once(rabbitmqctl2017) }],
  ...erlangTools(),
  ['rabbitmqctl-2017 node_health_check', { build: once(rabbitmqctl2017) }],
]);

function plainBinaries(): [string, CatalogueEntry][] {
  return PLAIN.split(' ').map((comm) => {
    const steps = comm === 'false' ? [...PLAIN_BINARY.steps, { exit: 1 }] : PLAIN_BINARY.steps;
    return [comm, always({ ...PLAIN_BINARY, comm, steps })];
  });
}

/** `rabbitmqctl status` by itself is the command of 2017, of which 3 zombies a run are published. */
function erlangTools(): [string, CatalogueEntry][] {
  return Object.entries(RABBITMQ_COMMANDS).flatMap(([tool, commands]) =>
    commands.map((command): [string, CatalogueEntry] => {
      const name = tool === 'rabbitmqctl' && command === 'status' ? `${tool}-3.8` : tool;
      return [`${name} ${command}`, { build: once(() => rabbitmqCommand(tool)) }];
    }),
  );
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
