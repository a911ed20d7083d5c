import { existsSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';

/** Where the run keeps what its pages looked like, for people. */
export const screenshots = resolve('test-results/browser');

/** The system's Chromium: `npm test` installs it where it may. */
export function chromiumPath(): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const found = folders.map((folder) => join(folder, 'chromium')).find(existsSync);
  if (found === undefined) throw new Error('chromium is not on the PATH');
  return found;
}
