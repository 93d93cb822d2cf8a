// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts are shell scripts
/** Whatever stands behind `-c`, there is a program that compiles, or one sentence on what is wrong with it. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { programLibrary, resolveCommand } from '../../../src/program/catalogue/index.js';
import { compileSource } from '../../../src/program/compile.js';
import { readAlone } from '../read.js';

const LIBRARY = programLibrary();
const PIECES =
  'cat|sleep 1|x=$(|)|"$(|)"|`|`|;|\n|&&|\\|\\||&|\\||!|{ |; }|(|)|if |; then |; else |; fi|while |; do |; done|for i in a b|' +
  'case x in a) |;; esac|f() {|}|f|[ $? -eq 0 ]|[[ -f a ]]|(( i++ ))|$((1+2))|exit|exit 3|return|break|continue 2|wait|wait $!|' +
  "kill $!|kill -0 1|trap 'exit 0' TERM|trap 'cat' EXIT|exec |eval |> /dev/null|2>&1|<<EOF\nx\nEOF\n|&> f|\\|&|set -e|set -o pipefail|" +
  '"|\'|$x|${x:-y}|$@|rc=$?|exit $rc|timeout 5 cat|time |<(cat)|coproc cat|select x in a|until |local a=1|read x|shift|unset x|\\';
const words = PIECES.split(/(?<!\\)\|/).map((piece) => piece.replaceAll('\\|', '|'));

describe('a script made of anything', () => {
  const script = fc
    .array(fc.oneof({ arbitrary: fc.constantFrom(...words), weight: 9 }, fc.string({ maxLength: 4 })), {
      maxLength: 25,
    })
    .map((pieces) => pieces.join(' '));

  test('is a program that compiles, or no script', () => {
    fc.assert(
      fc.property(fc.constantFrom('dash', 'bash', 'ash'), script, (shell, text) => {
        const resolution = resolveCommand([shell, '-c', text], LIBRARY, {});
        if (!resolution.ok) {
          expect(resolution.problem.message).not.toBe('');
          return;
        }
        const { comm, steps } = resolution.source;
        expect(readAlone(JSON.parse(JSON.stringify({ comm, steps }))).ok).toBe(true);
        expect(compileSource('x', resolution.source, LIBRARY).ok).toBe(true);
      }),
      // The name of a command may be of several lines.
      { numRuns: 800, examples: [['dash', '" \n )"']] },
    );
  });
});
