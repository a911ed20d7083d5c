// `npm run --silent zhenfu -- <command>`: the command line. stdout carries the command's own words only.
import { become, bootstrap } from './bootstrap.mjs';

await become(await bootstrap(), ['src/cli/main.ts', ...process.argv.slice(2)]);
