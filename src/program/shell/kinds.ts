/** The shells, by what each does with processes (R37). Measured: dash 0.5.12, bash 5.2.15, busybox 1.35. */

/** ash becomes the last command of `-c`, also inside compound commands; dash only in its children. */
export type ShellName = 'dash' | 'bash' | 'ash';

export interface ShellKind {
  name: ShellName;
  comm: string;
  /** It was called `sh`, which is another shell elsewhere. */
  isSh?: boolean;
  /** bash tries a refused fork again for 15 s; others give up at once (K44). */
  retriesFork: boolean;
  /** bash reaps whenever a child dies; dash and ash only while they wait. */
  reapsAtOnce: boolean;
}

const DASH: ShellKind = { name: 'dash', comm: 'dash', retriesFork: false, reapsAtOnce: false };
const BASH: ShellKind = { name: 'bash', comm: 'bash', retriesFork: true, reapsAtOnce: true };
const ASH: ShellKind = { name: 'ash', comm: 'ash', retriesFork: false, reapsAtOnce: false };

/** Shells by the name of their file; `sh` is for the userland to say. */
export const SHELLS: Readonly<Record<string, ShellKind>> = {
  dash: DASH,
  'sh-dash': { ...DASH, comm: 'sh' },
  ash: ASH,
  bash: BASH,
};

/** What `sh` is, by whose it is. */
export function shCalled(name: ShellName): ShellKind {
  return { ...SHELLS[name], comm: 'sh', isSh: true };
}

const EVERYWHERE =
  ': . [ alias bg break cd command continue echo eval exec exit export false fg getopts hash jobs kill ' +
  'printf pwd read readonly return set shift test times trap true type ulimit umask unalias unset wait local';
const ONLY: Readonly<Record<ShellName, string>> = {
  dash: '',
  ash: 'let source [[ history',
  bash:
    'source [[ let declare typeset builtin pushd popd dirs shopt enable caller mapfile readarray compgen ' +
    'complete disown suspend logout history bind help',
};

/** Commands that a shell does itself: no process. */
export const BUILTINS: Readonly<Record<ShellName, ReadonlySet<string>>> = {
  dash: wordsOf('dash'),
  ash: wordsOf('ash'),
  bash: wordsOf('bash'),
};

function wordsOf(name: ShellName): ReadonlySet<string> {
  return new Set(`${EVERYWHERE} ${ONLY[name]}`.trim().split(' '));
}
