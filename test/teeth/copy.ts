import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

/** What the finders need of the project; packages are shared. */
const parts = [
  'src',
  'simulator',
  'test',
  'web',
  'scripts',
  'docs',
  'bench',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'vitest.config.ts',
  'README.md',
  'README.en.md',
  'LICENSE',
];

/** A throw-away copy of the working tree, where anything may be broken. */
export class Copy {
  readonly root = mkdtempSync(join(tmpdir(), 'zhenfu-teeth-'));

  constructor(project: string) {
    for (const part of parts.filter((one) => existsSync(join(project, one))))
      cpSync(join(project, part), join(this.root, part), { recursive: true });
    mkdirSync(join(this.root, 'dist'));
    symlinkSync(resolve(project, 'node_modules'), join(this.root, 'node_modules'));
  }

  read(name: string): string {
    return readFileSync(join(this.root, name), 'utf8');
  }

  write(name: string, text: string): void {
    mkdirSync(dirname(join(this.root, name)), { recursive: true });
    writeFileSync(join(this.root, name), text);
  }

  throwAway(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
