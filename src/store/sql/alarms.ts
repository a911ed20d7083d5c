import type { Statement } from '../store.ts';

/** A first alarm; told again it is counted (`repeatAlarm` finds it first). */
export const insertAlarm: Statement = `
  INSERT INTO alarms (clinic_id, code, entity, entity_id, detail, raised_at, last_raised_at)
  VALUES (?, ?, ?, ?, ?, ?, ?)`;

export const repeatAlarm: Statement = `
  UPDATE alarms SET times = times + 1, last_raised_at = ?, detail = ? WHERE code = ? AND entity = ? AND entity_id = ?`;
