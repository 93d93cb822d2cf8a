/** Examinations of a PID 1 as text for a terminal. */
import { plainTable } from '../../text/table.js';
import type { InitCheckName, InitReport } from './examine.js';

const QUESTIONS: Readonly<Record<InitCheckName, string>> = {
  orphans: 'reaps orphans it adopts',
  burst: 'reaps a burst of them',
  stopped: 'reaps after having been stopped',
  strangers: 'reaps strangers',
  'own-child': 'reaps its own child',
  'forwards-term': 'passes SIGTERM on',
  'ends-with-child': 'ends when its main child does',
};

const ANSWERS = { yes: 'yes', no: 'NO', none: '-' } as const;

/** The table of checks, what it leaves behind, and the verdict in a sentence. */
export function formatInitReport(report: InitReport): string {
  const rows = report.checks.map(({ name, answer, evidence }) => [
    QUESTIONS[name],
    ANSWERS[answer],
    evidence,
  ]);
  const parts = [
    `PID 1: ${report.command.join(' ')}${report.comm === '' ? '' : ` (ps shows ${report.comm})`}`,
    plainTable([['AS PID 1 IT', 'ANSWER', 'EVIDENCE'], ...rows]).join('\n'),
    formatLeaves(report),
    report.verdict,
  ];
  return `${parts.join('\n\n')}\n`;
}

function formatLeaves({ leaves }: InitReport): string {
  const zombies = `${leaves.zombies} of ${leaves.orphans} orphans stayed zombies`;
  const live =
    leaves.liveAtEnd === null
      ? 'it did not end on SIGTERM'
      : `when it ended, ${leaves.liveAtEnd} of the processes it had adopted were alive and had not been told; the kernel killed them`;
  return `Leaves behind: ${zombies}; ${live}.`;
}
