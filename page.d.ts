/** Writes the page, one HTML file. @returns the paths of the modules in it. */
export function buildPage(file: string): Promise<string[]>;
