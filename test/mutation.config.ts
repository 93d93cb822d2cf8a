/** Tests that a mutant of the kernel, the clock or the interpreter must get past: those that need no machine. */
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** These find most mutants too, but take a hundred times as long: they are for what the others let through. */
const LAST = ['reference.property.test.ts', 'model.test.ts', 'exit-awaited.test.ts'];

class QuickFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number =>
      LAST.findIndex((name) => moduleId.endsWith(name));
    return files.toSorted((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    include: ['test/{kernel,sim}/*.test.ts', 'test/program/*.test.ts', 'test/lab/litmus/model.test.ts'],
    testTimeout: 60_000,
    isolate: false,
    setupFiles: ['test/mutation.setup.ts'],
    sequence: { sequencer: QuickFirst },
  },
});
