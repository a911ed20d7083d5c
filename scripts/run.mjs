// `node scripts/run.mjs FILE …` runs any program of the project on the pinned Node, on any machine.
import { become, bootstrap } from './bootstrap.mjs';

await become(await bootstrap(), process.argv.slice(2));
