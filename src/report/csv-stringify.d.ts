/**
 * What the engine uses of csv-stringify's browser build. The published types pull in all of Node's, which
 * would let Node's names through the engine's own type check; `src/tsconfig.engine.json` maps the import here
 * instead.
 */
export function stringify(
  records: readonly (readonly unknown[])[],
  options: {
    cast: {
      string: (value: string) => string;
      boolean: (value: boolean) => string;
      number: (value: number) => string;
      string: (value: string) => string;
      null: (value: null) => string;
    };
    escape_formulas: boolean;
  },
): string;
