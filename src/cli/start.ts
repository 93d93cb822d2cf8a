#!/usr/bin/env node
/** What `pidsim` starts with: Node keeps the compiled code of all that is imported after this, from version 22 on. */
import * as nodeModule from 'node:module';

const { enableCompileCache }: { enableCompileCache?: () => unknown } = nodeModule;
enableCompileCache?.();
await import('./main.js');
