#!/usr/bin/env node
/** What `pidsim` starts with: the program, in as little time as can be. */
import { loadProgram, readCodeCache, runProgram } from './program.js';

runProgram(loadProgram(readCodeCache()));
