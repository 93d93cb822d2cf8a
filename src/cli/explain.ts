/** `pidsim explain`: what a field of a scenario means, what a program does. */
import type { CommandModule } from 'yargs';
import { explain } from '../scenario/explain.js';
import { usageError } from './exit.js';

interface Arguments {
  path: string[];
}

export const explainCommand: CommandModule<object, Arguments> = {
  command: 'explain [path..]',
  describe: 'Explain a field of a scenario file, or a program',
  builder: (yargs) =>
    yargs
      .positional('path', {
        type: 'string',
        array: true,
        default: ['scenario'],
        describe: 'A field, or: program NAME',
      })
      .example('$0 explain scenario.spec.node.kernel', 'the fields of the kernel')
      .example('$0 explain program', 'every program of the catalogue')
      .example('$0 explain program "rabbitmqctl node_health_check"', 'what a program does, and how we know'),
  handler({ path }) {
    const explanation = explain(path.length === 0 ? 'scenario' : path.join(' '));
    if (!explanation.ok) throw usageError(explanation.message, explanation.hint);
    process.stdout.write(explanation.text.endsWith('\n') ? explanation.text : `${explanation.text}\n`);
  },
};
