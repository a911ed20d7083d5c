import { z } from 'zod';

const zh = z.locales.zhCN().localeError;
const en = z.locales.en().localeError;

function text(words: string | { message: string } | undefined | null): string {
  return typeof words === 'string' ? words : (words?.message ?? '');
}

/** From here on every schema says what is wrong in Chinese first and English second. Once for a process. */
export function speakBothLanguages(): void {
  z.config({ customError: (issue) => `${text(zh(issue))} · ${text(en(issue))}` });
}
