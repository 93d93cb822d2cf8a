#!/usr/bin/env node
/** What `pidsim` starts with. From 22 on, Node keeps the compiled code of what is imported below. */
import * as nodeModule from 'node:module';
import { setFlagsFromString } from 'node:v8';

// By default V8's heap grows to three times what is in use, and new objects get 30 MB more. Charts on two
// threads then took 600 MB, and were no faster.
for (const flag of ['--heap-growing-percent=100', '--semi-space-growth-factor=1']) setFlagsFromString(flag);
if ('enableCompileCache' in nodeModule) (nodeModule.enableCompileCache as () => unknown)();
await import('./main.js');
