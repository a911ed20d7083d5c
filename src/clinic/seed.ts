import { issuePrescription, type IssuePrescription, type Parts, type RxLineInput } from '#prescription';
import { insertDrug, insertPatient } from '#sql/clinic';
import { UniqueViolation, type Tx } from '#store';
import { isRefusal } from '#trouble';
import { beijingDay } from '#world';
import {
  seedDrugs,
  seedPatients,
  seedPrescriptions,
  type SeedLine,
  type SeedPrescription,
} from './seed-data.ts';

const ACTOR = 'seed';
/** Bills of the seeded prescriptions can be paid for as long as the rules allow. */
const VALID_DAYS = 3;

/**
 * Fills an empty clinic with patients, drugs and a few prescriptions, whose bills wait at the counter
 * where review is off. Once for each database: told again, or begun and cut off, it finds its own work.
 */
export async function seedClinic(parts: Parts): Promise<void> {
  await writeLists(parts);
  for (const [index, seed] of seedPrescriptions.entries()) {
    const answer = await issuePrescription(
      parts,
      toPrescription(seed, beijingDay(parts.world.now())),
      ACTOR,
      `seed-${index + 1}`,
    );
    if (isRefusal(answer)) throw new Error(`seed prescription ${index + 1}: ${answer.field}: ${answer.rule}`);
  }
}

/** Both lists in one commit: they are there or they are not. */
async function writeLists(parts: Parts): Promise<void> {
  const now = parts.world.now();
  try {
    await parts.store.transact('seed-lists', async (tx) => {
      await writePatients(tx, parts.clinic.id, now);
      await writeDrugs(tx, parts.clinic.id, now);
    });
  } catch (error) {
    if (!(error instanceof UniqueViolation)) throw error; // seeded before
  }
}

async function writePatients(tx: Tx, clinicId: number, now: number): Promise<void> {
  for (const { patient_no, name, initials, sex, birth_date } of seedPatients(beijingDay(now))) {
    await tx.run(insertPatient, clinicId, patient_no, name, initials, sex, birth_date, now);
  }
}

async function writeDrugs(tx: Tx, clinicId: number, now: number): Promise<void> {
  for (const drug of seedDrugs) {
    const { code, generic_name, trade_name, initials, form, spec, kind, unit, unit_price, dose_unit } = drug;
    const values = [code, generic_name, trade_name, initials, form, spec, kind, unit, unit_price, dose_unit];
    await tx.run(insertDrug, clinicId, ...values, now);
  }
}

function toPrescription(seed: SeedPrescription, today: string): IssuePrescription {
  const patient = seedPatients(today).find(({ patient_no }) => patient_no === seed.patient_no);
  if (patient === undefined) throw new Error(`no seeded patient ${seed.patient_no}`);
  const { department, doctor, diagnosis, weight_grams, long_supply_reason, doses, decoction } = seed;
  return {
    patient_name: patient.name,
    patient_no: patient.patient_no,
    sex: patient.sex,
    birth_date: patient.birth_date,
    weight_grams,
    department,
    doctor,
    diagnosis,
    rx_type: doses === undefined ? 'western' : 'herbal',
    rx_class: seed.rx_class ?? 'normal',
    valid_days: VALID_DAYS,
    long_supply_reason,
    doses,
    decoction,
    lines: seed.lines.map(toLine),
  };
}

function toLine([code, dose, route, frequency, quantity, days]: SeedLine): RxLineInput {
  const drug = seedDrugs.find((one) => one.code === code);
  if (drug === undefined) throw new Error(`no seeded drug ${code}`);
  const { generic_name, trade_name, form, spec, kind, unit, unit_price, dose_unit } = drug;
  const usage = { dose, dose_unit, route, frequency, days, quantity };
  return { drug_code: code, generic_name, trade_name, form, spec, kind, unit, unit_price, ...usage };
}
