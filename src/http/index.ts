export type { HttpParts } from './app-type.ts';
export { buildServer } from './server.ts';
