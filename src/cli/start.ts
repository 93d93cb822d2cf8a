#!/usr/bin/env node
/** What `pidsim` starts with. From 22 on, Node keeps the compiled code of what is imported below. */
import * as nodeModule from 'node:module';

if ('enableCompileCache' in nodeModule) (nodeModule.enableCompileCache as () => unknown)();
await import('./main.js');
