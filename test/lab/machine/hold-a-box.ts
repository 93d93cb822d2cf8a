/** Boots a box, says so, and stays: for a test that kills it. */
import { Box } from './box.js';

const box = await Box.boot({ limitSeconds: 100 });
console.log('booted');
await box.ended;
