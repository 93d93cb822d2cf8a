#!/usr/bin/env node
/** What `pidsim` starts with. From version 22 on, Node keeps the compiled code of what is imported after the first line. */
import * as nodeModule from 'node:module';

if ('enableCompileCache' in nodeModule) (nodeModule.enableCompileCache as () => unknown)();
await import('./main.js');
