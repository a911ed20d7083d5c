import type { App, Asker, HttpParts } from '../app-type.ts';
export function prescriptionRoutes(_app: App, _parts: HttpParts, _asker: Asker): void {}
