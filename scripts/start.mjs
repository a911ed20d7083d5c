// `npm start`: installs what is missing, builds the web when it changed, and becomes the service.
import { become, bootstrap } from './bootstrap.mjs';
import { buildWeb } from './build-web.mjs';

const node = await bootstrap();
await buildWeb(node);
await become(node, ['src/main.ts', 'start', ...process.argv.slice(2)]);
