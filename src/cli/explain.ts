/** `pidsim explain`: what a field of a scenario means, what a program does, what a word means. */
import type { CommandModule } from 'yargs';
import { explain } from '../scenario/explain.js';
import { scenarioSchemaText } from '../scenario/schema.js';
import { usageError } from './exit.js';
import { off } from './options.js';

interface Arguments {
  path: string[];
  schema: boolean;
}

export const explainCommand: CommandModule<object, Arguments> = {
  command: 'explain [path..]',
  describe: 'Explain a field of a scenario file, a program, a term or a diagnostic code',
  builder: (yargs) =>
    yargs
      .positional('path', {
        type: 'string',
        array: true,
        default: ['scenario'],
        describe: 'A field, a term, a diagnostic code, or: program NAME, preset NAME',
      })
      .option('schema', off('Print the JSON Schema of scenario files, for editors'))
      .example('$0 explain scenario.spec.node.kernel', 'the fields of the kernel')
      .example('$0 explain "pinned PID"', 'a term of the glossary')
      .example('$0 explain presets', 'the kinds of node that are known')
      .example('$0 explain program', 'every program of the catalogue')
      .example('$0 explain program "rabbitmqctl node_health_check"', 'what a program does, and its source'),
  handler({ path, schema }) {
    if (schema) {
      process.stdout.write(scenarioSchemaText());
      return;
    }
    const explanation = explain(path.length === 0 ? 'scenario' : path.join(' '));
    if (!explanation.ok) throw usageError(explanation.message, explanation.hint);
    process.stdout.write(explanation.text.endsWith('\n') ? explanation.text : `${explanation.text}\n`);
  },
};
