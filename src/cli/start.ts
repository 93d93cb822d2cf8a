#!/usr/bin/env node
/** What `pidsim` starts with. From 22 on, Node keeps the compiled code of what is imported below. */
import * as nodeModule from 'node:module';
import { setFlagsFromString } from 'node:v8';

// What is read and soon forgotten takes V8 30 MB more otherwise, and nothing is faster for it.
setFlagsFromString('--semi-space-growth-factor=1');
if ('enableCompileCache' in nodeModule) (nodeModule.enableCompileCache as () => unknown)();
await import('./main.js');
