#!/usr/bin/env node
/** What `pidsim` starts with. From 22 on, Node keeps the compiled code of what is imported below. */
import * as nodeModule from 'node:module';
import { setFlagsFromString } from 'node:v8';

// V8 lets garbage grow to three times of what is in use, and takes 30 MB for what is new: charts on two threads had
// 600 MB, and were no faster for it.
for (const flag of ['--heap-growing-percent=100', '--semi-space-growth-factor=1']) setFlagsFromString(flag);
if ('enableCompileCache' in nodeModule) (nodeModule.enableCompileCache as () => unknown)();
await import('./main.js');
