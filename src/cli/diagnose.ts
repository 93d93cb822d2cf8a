/** `pidsim diagnose`: what a process list says. */
import { closeSync, openSync, readSync, writeFileSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import type { CommandModule } from 'yargs';
import { diagnose } from '../diagnose/diagnose.js';
import { LINE_END } from '../procfs/around-a-line.js';
import { type Capture, CaptureReader } from '../procfs/capture.js';
import { calibratedScenario } from '../report/calibrated.js';
import { diagnosisDocument, renderDiagnosis, renderRefusal } from '../report/diagnosis.js';
import { toJson } from '../report/document.js';
import { STANDARD_INPUT } from '../run/result.js';
import { US_PER_HOUR } from '../sim/time.js';
import { parseDurationUs } from '../text/duration.js';
import type { LiveArguments } from './diagnose-live.js';
import { CommandError, EXIT, usageError } from './exit.js';
import { reasonOf } from './files.js';
import { type FileArguments, flag, number, outputOption, text } from './options.js';

interface Arguments extends FileArguments, LiveArguments {
  live?: boolean;
  apart?: string;
  write?: string;
}

const LIVE_OPTIONS = ['pid', 'root', 'once', 'for', 'alert'] as const;
const CHUNK_BYTES = 1 << 18;

export const diagnoseCommand: CommandModule<object, Arguments> = {
  command: 'diagnose [files..]',
  describe: 'Who leaks PIDs, how fast, until when, and what to do: from a pasted process list',
  builder: (yargs) =>
    yargs
      .positional('files', {
        type: 'string',
        array: true,
        describe: 'Output of ps, top, pstree, …; two of them give a rate; - is standard input, the default',
      })
      .options({
        'pid-max': number('kernel.pid_max of the node'),
        'threads-max': number('kernel.threads-max of the node'),
        'pids-max': number('pids.max of the pod or container that leaks'),
        apart: text('Time between the captures, where they do not tell: 10m'),
        write: text('Write a scenario that leaks as this capture does'),
        live: flag('Of this machine, now and from now on: a line every few seconds (Linux)'),
        pid: number('--live: the container that this process is in'),
        root: text('--live: a copy of /proc; read once'),
        once: flag('--live: one scan, and the whole answer'),
        for: text('--live: how long to watch: 10m'),
        alert: text("--live: ends with exit code 99 when this holds: 'timeLeft < 6h'"),
        output: outputOption(['text', 'json']),
      })
      .example('$0 diagnose node.txt', 'what a pasted ps says')
      .example('ps -ef | $0 diagnose', 'the same, right here')
      .example("$0 diagnose --live --alert 'timeLeft < 6h'", 'watch this node, and end when it gets tight')
      .example('$0 diagnose before.txt after.txt --pid-max 32768', 'how fast, and until when') as never,
  async handler(args) {
    const { files = [], output, apart, write, pidMax, threadsMax, pidsMax } = args;
    for (const [name, value] of Object.entries({
      'pid-max': pidMax,
      'threads-max': threadsMax,
      'pids-max': pidsMax,
    }))
      if (value !== undefined && !(Number.isInteger(value) && value > 0))
        throw usageError(`--${name}: not a count`);
    const ofLive = LIVE_OPTIONS.find((name) => args[name] !== undefined);
    if (args.live && (files.length > 0 || write !== undefined || apart !== undefined))
      throw usageError('--live reads /proc, and no capture', 'leave out files, --apart and --write');
    if (args.live) return (await import('./diagnose-live.js')).diagnoseLive(args);
    if (ofLive !== undefined) throw usageError(`--${ofLive} goes with --live`);
    const apartUs = apart === undefined ? undefined : parseDurationUs(apart);
    if (apartUs === null) throw usageError(`--apart ${apart}: not a duration`, 'such as 10m, 1h30m, 90s');
    const names = files.length === 0 ? [STANDARD_INPUT] : files.map(String);
    const captures = names.flatMap(readCapture);
    const apartHours = apartUs === undefined ? undefined : apartUs / US_PER_HOUR;
    const diagnosis = diagnose(captures, { pidMax, threadsMax, pidsMax, apartHours });
    const refused = diagnosis.findings.filter(({ usable }) => !usable).map(renderRefusal);
    if (output === 'json') process.stdout.write(toJson(diagnosisDocument(diagnosis)));
    if (!diagnosis.main.usable) throw new CommandError(EXIT.usage, refused.join('\n'));
    if (refused.length > 0) process.stderr.write(`${refused.join('\n')}\n`);
    if (output !== 'json') process.stdout.write(renderDiagnosis(diagnosis));
    if (write !== undefined) writeScenario(write, calibratedScenario(diagnosis.main));
  },
};

function writeScenario(path: string, text: string | null): void {
  if (text === null)
    throw usageError(`--write ${path}: no leak with a rate to write down`, 'two captures give a rate');
  try {
    writeFileSync(path, text, { flag: 'wx' });
  } catch (error) {
    throw usageError(
      `--write ${path}: ${(error as { code?: string }).code === 'EEXIST' ? 'it exists' : reasonOf(error)}`,
    );
  }
  process.stderr.write(`${path} is written: pidsim run ${path}\n`);
}

/** Line by line: a capture may be larger than memory. */
function readCapture(name: string): Capture[] {
  const reader = new CaptureReader(name === STANDARD_INPUT ? 'standard input' : name);
  let decoder: StringDecoder | null = null;
  const chunk = Buffer.alloc(CHUNK_BYTES);
  let rest = '';
  try {
    const file = name === STANDARD_INPUT ? 0 : openSync(name, 'r');
    for (let length = 1; length > 0; ) {
      length = readSync(file, chunk, 0, CHUNK_BYTES, null);
      // What PowerShell writes with `>` begins with these two.
      decoder ??= new StringDecoder(chunk[0] === 0xff && chunk[1] === 0xfe ? 'utf16le' : 'utf8');
      const lines = (rest + decoder.write(chunk.subarray(0, length))).split(LINE_END);
      // A line without an end is cut: what a row says stands in front.
      rest = lines.pop()!.slice(0, CHUNK_BYTES);
      for (const line of lines) reader.line(line);
    }
    if (file !== 0) closeSync(file);
  } catch (error) {
    throw usageError(`${name}: ${reasonOf(error)}`);
  }
  reader.line(rest);
  return reader.end();
}
