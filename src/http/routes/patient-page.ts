import type { App, HttpParts } from '../app-type.ts';
export function patientPageRoutes(_app: App, _parts: HttpParts): void {}
