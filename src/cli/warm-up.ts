/** `build.js` has this run the program once, for its code cache. No part of what is built. */
import { loadProgram, runProgram, writeCodeCache } from './program.js';

const script = loadProgram();
process.on('exit', () => writeCodeCache(script));
runProgram(script);
