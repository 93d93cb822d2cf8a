/**
 * The stable names of everything that can be wrong with a scenario file.
 *
 * Scripts may match on these, so a code is never renamed and never used for a second meaning. Each says what it
 * means and what to do; the `remedy` is the hint of a diagnostic that brings none of its own.
 */
export const DIAGNOSTIC_CODES = [
  'empty-file',
  'file-too-large',
  'not-text',
  'yaml-syntax',
  'json-syntax',
  'tab-indentation',
  'duplicate-key',
  'alias-bomb',
  'not-a-mapping',
  'unknown-key',
  'missing-key',
  'wrong-type',
  'unknown-value',
  'out-of-range',
  'not-an-integer',
  'bad-name',
  'bad-duration',
  'bad-quantity',
  'bad-version',
  'unknown-version',
  'ambiguous-version',
  'bad-percentage',
  'horizon-too-long',
  'too-many-samples',
  'duplicate-name',
  'unknown-pod',
  'unknown-container',
  'unknown-probe',
  'unknown-program',
  'unknown-command',
  'bad-program',
  'bad-expectation',
  'conflict',
  'no-effect',
  'needs-newer-version',
  'node-too-small',
  'beyond-horizon',
  'missing-file',
  'not-a-manifest',
  'ignored-kind',
  'ignored-pods',
  'assumed-node',
  'template',
  'assumed-program',
] as const;
export type DiagnosticCode = (typeof DIAGNOSTIC_CODES)[number];

export interface CodeDocumentation {
  meaning: string;
  remedy: string;
}

export const CODE_DOCUMENTATION: Readonly<Record<DiagnosticCode, CodeDocumentation>> = {
  'empty-file': {
    meaning: 'The file holds no YAML document.',
    remedy: 'Start from one of the files in scenarios/.',
  },
  'file-too-large': {
    meaning: 'The file is larger than any scenario needs to be, and is not read.',
    remedy: 'Split it: one scenario per file, or several documents in a few files.',
  },
  'not-text': {
    meaning: 'The file has zero bytes in it, as no text has.',
    remedy: 'Name the scenario file itself: this looks like a program, an archive or an image.',
  },
  'yaml-syntax': {
    meaning: 'The text is not valid YAML here.',
    remedy:
      'Look at the line itself and the one before it: indentation, a missing colon, an open quote or bracket.',
  },
  'json-syntax': {
    meaning: 'The text is not valid JSON here.',
    remedy: 'Was it cut off? Write it anew with `kubectl get -o json`.',
  },
  'tab-indentation': {
    meaning: 'YAML does not allow a tab as indentation.',
    remedy: 'Indent with spaces.',
  },
  'duplicate-key': {
    meaning: 'The same key stands twice in one mapping; YAML would silently keep one of them.',
    remedy: 'Remove one of the two.',
  },
  'alias-bomb': {
    meaning:
      'Aliases (*name) multiply beyond a bound when they are expanded, and the file is not read further.',
    remedy: 'Write the repeated part out, or refer to it fewer times.',
  },
  'not-a-mapping': {
    meaning: 'A YAML mapping (key: value lines) is needed where the text has something else.',
    remedy: 'Write `key: value` lines, indented below the key that they belong to.',
  },
  'unknown-key': {
    meaning:
      'The schema has no such key at this place. A misspelt key would otherwise be ignored in silence.',
    remedy: 'See `pidsim explain` for the keys that are allowed here.',
  },
  'missing-key': {
    meaning: 'A key without a default is not there.',
    remedy: 'Add it.',
  },
  'wrong-type': {
    meaning: 'The value is of another type than the schema asks for.',
    remedy: 'See `pidsim explain` for the type of this field.',
  },
  'unknown-value': {
    meaning: 'The value is not one of the words that are allowed here.',
    remedy: 'Use one of the words listed in the message.',
  },
  'out-of-range': {
    meaning: 'The number or duration lies outside the bounds stated in the message.',
    remedy: 'Choose a value within the bounds.',
  },
  'not-an-integer': {
    meaning: 'A whole number is needed.',
    remedy: 'Write a whole number.',
  },
  'bad-name': {
    meaning: 'The name cannot be used: names become folder names, host names and columns.',
    remedy:
      'Use lower-case letters, digits, `-` and `.`, beginning and ending with a letter or a digit; at most 63.',
  },
  'bad-duration': {
    meaning: 'The text is not a duration, or a longer one than can be.',
    remedy: 'Write a number and a unit (us, ms, s, m, h, d), or several of them: 250ms, 10s, 1h30m, 30d.',
  },
  'bad-quantity': {
    meaning: 'The text is not a Kubernetes memory quantity.',
    remedy: 'Write a number of bytes or a number with a suffix: 16Gi, 512Mi, 4G.',
  },
  'bad-version': {
    meaning: 'The text is not a version.',
    remedy: 'Write at least two numbers with a dot, in quotes: "4.14", "1.7", "17.12".',
  },
  'unknown-version': {
    meaning: 'A version far beyond the newest that this program knows. It is taken for that one.',
    remedy: 'Check it for a typing mistake.',
  },
  'ambiguous-version': {
    meaning: 'An unquoted version is a number to YAML, and this one loses digits: 1.10 is the number 1.1.',
    remedy: 'Put the version in quotes.',
  },
  'bad-percentage': {
    meaning: 'The value is neither a count nor a percentage.',
    remedy: 'Write a count such as 1000 or a percentage such as "10%".',
  },
  'horizon-too-long': {
    meaning: 'The run would be longer than ten years of simulated time, the bound of this simulator.',
    remedy: 'Shorten the horizon. A run that is not exhausted by its end is projected beyond it.',
  },
  'too-many-samples': {
    meaning: 'So short a sampling interval would give more rows than the bound stated in the message.',
    remedy: 'Sample less often, or use `sampleEvery: auto`.',
  },
  'duplicate-name': {
    meaning: 'Two things of one kind have the same name.',
    remedy: 'Give each a name of its own.',
  },
  'unknown-pod': {
    meaning: 'An intervention names a pod that the scenario does not have.',
    remedy:
      'Name one of the pods under `pods:`; a pod with `count: 3` has the copies name-0, name-1 and name-2.',
  },
  'unknown-container': {
    meaning: 'The pod has no container of this name.',
    remedy: 'Name one of the containers of the pod.',
  },
  'unknown-probe': {
    meaning: 'The probe to be changed does not exist, and too little is said to create it.',
    remedy: 'Say what it does: exec, httpGet, tcpSocket or grpc.',
  },
  'unknown-program': {
    meaning: 'Neither the scenario’s `programs:` nor the catalogue has a program of this name.',
    remedy: 'Describe it under `programs:`.',
  },
  'unknown-command': {
    meaning: 'No program is known for this command line, so what it does to the process table is unknown.',
    remedy:
      'Describe it under `programs:` by its command name, or record it with `pidsim lab record -- COMMAND`, ' +
      'or name a program of the catalogue.',
  },
  'bad-program': {
    meaning: 'A program under `programs:` is not valid.',
    remedy: 'See docs/scenario-reference.md for the list of steps.',
  },
  'bad-expectation': {
    meaning: 'The line is not an expectation.',
    remedy: 'Write SUBJECT COMPARISON VALUE, such as `exhausted == true` or `timeToExhaustion < 36h`.',
  },
  conflict: {
    meaning: 'Two settings contradict each other.',
    remedy: 'Remove one of them.',
  },
  'no-effect': {
    meaning: 'The setting is of no consequence with the other settings.',
    remedy: 'Remove it, or change what it depends on.',
  },
  'needs-newer-version': {
    meaning: 'The kernel or kubelet version given does not have this feature.',
    remedy: 'Raise the version or remove the setting.',
  },
  'node-too-small': {
    meaning: 'The node cannot even start: its baseline tasks do not fit below its own limits.',
    remedy: 'Raise pidMax, threadsMax or memory, or lower baseline.tasks.',
  },
  'beyond-horizon': {
    meaning: 'The moment lies after the end of the run, so nothing will come of it.',
    remedy: 'Bring it forward, or lengthen the horizon.',
  },
  'missing-file': {
    meaning: 'The file named by `manifest:` cannot be read.',
    remedy: 'The path is taken relative to the scenario file.',
  },
  'not-a-manifest': {
    meaning: 'The file has no pod, and nothing with a pod template that runs.',
    remedy: 'Name a file with one, as `kubectl get -o yaml` or `helm template` prints it.',
  },
  'ignored-kind': {
    meaning: 'Objects of the manifest that have no pods are left out.',
    remedy: 'Nothing to do, unless it was expected to run something.',
  },
  'ignored-pods': {
    meaning:
      'Pods that have ended, wait for a node, or belong to a workload that is scaled to 0 or whose pods are in the file too.',
    remedy: 'Nothing to do, unless one of them was expected to run.',
  },
  'assumed-node': {
    meaning: 'Something about a node is not in the files that were named, and has been assumed.',
    remedy: 'If it is wrong, write the scenario with `pidsim import`, and change it there.',
  },
  template: {
    meaning:
      'The file is a template of Helm, Jinja or the like: what its objects are is not known before it is rendered.',
    remedy: 'Render it first, for instance with `helm template`, and read the result.',
  },
  'assumed-program': {
    meaning:
      'Something about what a container runs is not known and has been assumed. An image whose entrypoint is not known ' +
      'is taken for an application that starts no process and never waits for one.',
    remedy: 'If the assumption is wrong, name a program, or describe it under `programs:`.',
  },
};
