/** A mutant that a random test has noticed is not to be shrunk to its smallest case, which takes longest of all. */
import fc from 'fast-check';

fc.configureGlobal({ endOnFailure: true });
