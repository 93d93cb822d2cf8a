/** Texts to a diagnosis. */
import { type DiagnoseOptions, type Diagnosis, diagnose } from '../../src/diagnose/diagnose.js';
import { LINE_END } from '../../src/procfs/around-a-line.js';
import { type Capture, CaptureReader } from '../../src/procfs/capture.js';

export function capturesOf(name: string, text: string): Capture[] {
  const reader = new CaptureReader(name);
  for (const line of text.split(LINE_END)) reader.line(line);
  return reader.end();
}

export function diagnoseTexts(
  texts: readonly (readonly [string, string])[],
  options?: DiagnoseOptions,
): Diagnosis {
  return diagnose(
    texts.flatMap(([name, text]) => capturesOf(name, text)),
    options,
  );
}

export function diagnoseText(text: string, options?: DiagnoseOptions): Diagnosis {
  return diagnoseTexts([['list', text]], options);
}

export function warningsOf({ findings }: Diagnosis): string[] {
  return findings.flatMap(({ warnings }) => warnings.map(({ id }) => id));
}
