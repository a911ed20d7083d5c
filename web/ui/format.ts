import { fen, yuan } from '#money';

/** `123450` fen → `1,234.50`: by digits, never through a float. */
export function groupedYuan(amountFen: number): string {
  return yuan(fen(amountFen)).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

/** `842500` ms → `14:03`: whole seconds still to go, rounded up, so that 00:00 means that time is up. */
export function minutesSeconds(remainingMs: number): string {
  const seconds = Math.ceil(remainingMs / 1000);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${two(Math.floor(seconds / 60))}:${two(seconds % 60)}`;
}

/** `张三丰` → `张*丰`, `张三` → `张*`: enough for the right person, too little for a passer-by. */
export function maskedName(name: string): string {
  const letters = Array.from(name);
  if (letters.length <= 1) return name;
  const last = letters.length > 2 ? (letters.at(-1) ?? '') : '';
  return `${letters[0] ?? ''}${'*'.repeat(Math.min(2, Math.max(1, letters.length - 2)))}${last}`;
}

const CLINIC_ZONE = 'Asia/Shanghai';

const parts = new Intl.DateTimeFormat('sv-SE', {
  timeZone: CLINIC_ZONE,
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});

/** An RFC 3339 instant in clinic time: `2026-11-22 10:03:04`. */
export function clinicTime(instant: string): string {
  return parts.format(new Date(instant)).replace(',', '');
}

/** The same without seconds: `2026-11-22 10:03`. */
export function clinicMinute(instant: string): string {
  return clinicTime(instant).slice(0, 16);
}

/** `10:03:04` alone, for a moment of today. */
export function clinicClock(instant: string): string {
  return clinicTime(instant).slice(11);
}
