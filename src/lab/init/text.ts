/** Examinations of a PID 1 as text for a terminal. */
import { plural } from '../../text/figures.js';
import { plainTable } from '../../text/table.js';
import type { InitCheckName, InitReport } from './report.js';

const WANTED: Readonly<Record<InitCheckName, string>> = {
  orphans: 'reaps orphans it adopts',
  burst: 'reaps a burst of them',
  stopped: 'reaps after having been stopped',
  strangers: 'reaps strangers',
  'own-child': 'reaps its own child',
  'ends-on-term': 'ends on SIGTERM',
  'child-told': 'tells its main child',
  'passes-signals': 'passes other signals on',
  'ends-with-child': 'ends when its main child does',
  'passes-status': 'with the status of that child',
  'process-group': 'signals the whole process group',
  'child-signals': 'starts it with default signals',
  'parent-death': 'ends with its parent outside',
};

const ANSWERS = { yes: 'yes', no: 'NO', none: '-' } as const;

/** Two columns, what a PID 1 should do and what this one did; what it leaves behind, and the verdict. */
export function formatInitReport(report: InitReport): string {
  const rows = report.checks.map(({ name, answer, evidence }) => [
    WANTED[name],
    `${ANSWERS[answer]}: ${evidence}`,
  ]);
  const parts = [
    `PID 1: ${report.command.join(' ')}${report.comm === '' ? '' : ` (ps shows ${report.comm})`}`,
    plainTable([['A GOOD PID 1', 'THIS ONE'], ...rows])
      .join('\n')
      .replaceAll('  -: ', '  - '),
    formatLeaves(report),
    ...report.notes.map((note) => `Note: ${note}.`),
    report.verdict,
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function formatLeaves({ leaves: { zombies, orphans, liveAtEnd } }: InitReport): string {
  const stayed = `Leaves behind: ${zombies} of ${plural(orphans, 'orphan')} as zombies`;
  if (liveAtEnd === null) return `${stayed}.`;
  const was = liveAtEnd === 1 ? 'process that it had adopted was' : 'processes that it had adopted were';
  return `${stayed}; when it ended, ${liveAtEnd} ${was} alive and had not been told: the kernel killed them.`;
}
