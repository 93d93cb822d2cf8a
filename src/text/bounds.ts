/** How large a text may be that is read at all. */

/** Characters of one file. The largest Helm chart rendered is well below it. */
export const FILE_CHARACTERS_MAX = 4_000_000;

/** Values of one document after every alias has been expanded. */
export const DOCUMENT_VALUES_MAX = 200_000;

/** Aliases of one document: expanding them takes time that grows with their square. */
export const ALIASES_MAX = 5_000;

/** Mappings and lists inside one another. */
export const DOCUMENT_DEPTH_MAX = 100;

/** The same for what a cluster prints about itself: YAML is slow to read, JSON is not. */
export const DUMP_YAML_CHARACTERS_MAX = 20_000_000;
export const DUMP_JSON_CHARACTERS_MAX = 200 * 1024 * 1024;
/** Values of a fleet: thousands of pods, written out. */
export const FLEET_VALUES_MAX = 2_000_000;

export const DUMP_VALUES_MAX = 20_000_000;

/**
 * The pid_max of a litmus file's namespace. A world of a few processes needs no more, and a mistake in a file
 * must not fill the machine; below 301 no PID is left after the first wrap (K3).
 */
export const LAB_PID_MAX = { least: 301, most: 4096, usual: 1000 } as const;
