/** Full years, months and days lived; days alone count for the newborn. */
export interface Age {
  years: number;
  /** Full months in all: 26 at two years and two months. */
  months: number;
  /** Full days in all. */
  days: number;
}

/** The age on `day` of who was born on `birthDate`, both `yyyy-MM-dd`; undefined when born later. */
export function ageOn(birthDate: string, day: string): Age | undefined {
  const days = (Date.parse(`${day}T00:00:00Z`) - Date.parse(`${birthDate}T00:00:00Z`)) / 86_400_000;
  if (!Number.isSafeInteger(days) || days < 0) return undefined;
  const [bornYear = 0, bornMonth = 0, bornDay = 0] = birthDate.split('-').map(Number);
  const [year = 0, month = 0, dayOfMonth = 0] = day.split('-').map(Number);
  const months = (year - bornYear) * 12 + (month - bornMonth) - (dayOfMonth < bornDay ? 1 : 0);
  return { years: Math.floor(months / 12), months, days };
}

/** Up to here a small child's age is written in months. */
const TODDLER_MONTHS = 36;

/**
 * As a prescription prints it: `35岁`; months for infants and toddlers, `8月`; days in the first
 * month, `12天`.
 * source   处方管理办法 art. 6: full years; 新生儿、婴幼儿写日、月龄
 */
export function printAge(age: Age): string {
  if (age.months < 1) return `${age.days}天`;
  if (age.months < TODDLER_MONTHS) return `${age.months}月`;
  return `${age.years}岁`;
}

/** Newborns and infants, whose dose follows their weight. */
export function isInfant(age: Age): boolean {
  return age.years < 1;
}
