/**
 * JSON text to a plain value, each part of which can still be found in the text. `JSON.parse` keeps no
 * positions and is a hundred times faster than a parser that does; so a place is looked up by its path, when
 * something is wrong there.
 */
import { DUMP_JSON_CHARACTERS_MAX } from './bounds.js';
import { type DiagnosticCode, diagnosticOf } from './codes.js';
import { grouped } from './figures.js';
import { type Aim, NOWHERE, type Path, type Position, type SourceDocument, type YamlText } from './yaml.js';

/** The values of the text, several as `jq '.items[]'` prints them, or why it has none. Never throws. */
export function readJson(text: string, file: string): YamlText {
  if (text.length > DUMP_JSON_CHARACTERS_MAX) {
    const size = `${grouped(text.length)} characters; at most ${DUMP_JSON_CHARACTERS_MAX} are read`;
    return failed(file, NOWHERE, 'file-too-large', `the file has ${size}`);
  }
  const documents: JsonDocument[] = [];
  let start = 0;
  let end = text.length;
  do {
    try {
      documents.push(new JsonDocument(file, text, start, JSON.parse(text.slice(start, end))));
      start = skipBlanks(text, end);
      end = text.length;
    } catch (error) {
      // Another value may follow this one.
      const next = skipValue(text, skipBlanks(text, start));
      if (next < end) {
        end = next;
        continue;
      }
      const { message } = error as Error;
      const offset = /position (\d+)/.exec(message)?.[1];
      const at = positionAt(text, offset === undefined ? text.length : start + Number(offset));
      return failed(file, at, 'json-syntax', `this is not JSON: ${sentence(message)}`);
    }
  } while (start < text.length);
  return { documents, diagnostics: [] };
}

function failed(file: string, at: Position, code: DiagnosticCode, message: string): YamlText {
  return { documents: [], diagnostics: [diagnosticOf({ file, ...at }, code, message)] };
}

/** V8 quotes a part of the text, which may be large and is shown below the message anyway. */
function sentence(message: string): string {
  const [what] = message.split(/(?: in JSON)? at position|, \.{3}|, "/);
  return what.charAt(0).toLowerCase() + what.slice(1);
}

class JsonDocument implements SourceDocument {
  constructor(
    readonly file: string,
    private readonly text: string,
    private readonly start: number,
    readonly value: unknown,
  ) {}

  locate(path: Path, aim: Aim): Position {
    return positionAt(this.text, offsetOf(this.text, this.start, path, aim));
  }

  written(): undefined {
    return undefined;
  }
}

function positionAt(text: string, offset: number): Position {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  let line = 1;
  for (let at = before.indexOf('\n'); at !== -1; at = before.indexOf('\n', at + 1)) line++;
  return { line, column: offset - lineStart + 1 };
}

/** Of the key or the value at the path; of the nearest enclosing value when the path leads nowhere. */
function offsetOf(text: string, start: number, path: Path, aim: Aim): number {
  let at = skipBlanks(text, start);
  for (const [index, step] of path.entries()) {
    const found = child(text, at, step);
    if (found === null) return at;
    if (aim === 'key' && index === path.length - 1) return found.key;
    at = found.value;
  }
  return at;
}

/** Where an entry of the object or list at `start` stands; its key is itself in a list. */
function child(text: string, start: number, step: string | number): { key: number; value: number } | null {
  const isList = text[start] === '[';
  if (!isList && text[start] !== '{') return null;
  let at = skipBlanks(text, start + 1);
  for (let index = 0; text[at] !== ']' && text[at] !== '}' && at < text.length; index++) {
    const key = at;
    let name: unknown = index;
    if (!isList) {
      at = skipString(text, key);
      name = JSON.parse(text.slice(key, at));
      at = skipBlanks(text, skipBlanks(text, at) + 1);
    }
    if (String(name) === String(step)) return { key, value: at };
    at = skipBlanks(text, skipValue(text, at));
    if (text[at] === ',') at = skipBlanks(text, at + 1);
  }
  return null;
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (at < text.length && ' \n\r\t\ufeff'.includes(text[at])) at++;
  return at;
}

function skipString(text: string, from: number): number {
  let at = from + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

/** Where the value ends. If the text is JSON, brackets need only be counted. */
function skipValue(text: string, from: number): number {
  const isPlain = text[from] !== '{' && text[from] !== '[';
  let at = from;
  let depth = 0;
  do {
    const character = text[at];
    if (character === '"') at = skipString(text, at);
    else {
      if (character === '{' || character === '[') depth++;
      if (character === '}' || character === ']') depth--;
      at++;
    }
  } while (at < text.length && (depth > 0 || (isPlain && !',]}'.includes(text[at]))));
  return at;
}
