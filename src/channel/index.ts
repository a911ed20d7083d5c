export * from './channel.ts';
export * from './configuration.ts';
export * from './faults.ts';
export * from './json.ts';
