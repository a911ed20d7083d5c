import { expect } from 'vitest';
import { audit, type AuditOptions } from './audit.ts';
import type { Clinic } from './clinic.ts';

/** Lets the weather clear and a minute pass, audits, and closes the clinic whatever was found. */
export async function closeAudited(clinic: Clinic, options: AuditOptions = {}): Promise<void> {
  try {
    expect(clinic.anyAlive(), 'somebody must be alive to see the money').toBe(true);
    clinic.meddle(undefined);
    clinic.calm();
    await clinic.world.doze(61_000);
    expect(await audit(clinic, options)).toEqual([]);
  } finally {
    await clinic.close();
  }
}
