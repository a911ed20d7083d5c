import { basename, join } from 'node:path';

/** Puts a program and all that it imports into one file in `folder`; answers its path. */
export async function bundle(program: string, folder: string): Promise<string> {
  const { build } = await import('vite');
  const name = `${basename(program, '.ts')}.mjs`;
  await build({
    configFile: false,
    logLevel: 'error',
    ssr: { noExternal: true },
    build: {
      ssr: program,
      outDir: folder,
      emptyOutDir: false,
      minify: false,
      rolldownOptions: { output: { entryFileNames: name, codeSplitting: false } },
    },
  });
  return join(folder, name);
}
