import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import { recall, remember } from '../ui/preferences.ts';
import { en } from './en.ts';
import { zh, type Words } from './zh.ts';

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'words';
    resources: { words: Words };
  }
}

export type Language = 'zh' | 'en';

const LANGUAGE = 'zhenfu.language';

void i18next.use(initReactI18next).init({
  // The words are in the bundle: the first render finds them, without waiting.
  initAsync: false,
  lng: recall(LANGUAGE) === 'en' ? 'en' : 'zh',
  fallbackLng: 'zh',
  defaultNS: 'words',
  resources: { zh: { words: zh }, en: { words: en } },
  // React escapes what it renders; a second escape would show `&amp;`.
  interpolation: { escapeValue: false },
});
declareLanguage();

function declareLanguage(): void {
  document.documentElement.lang = languageNow() === 'en' ? 'en' : 'zh-CN';
}

export function languageNow(): Language {
  return i18next.language === 'en' ? 'en' : 'zh';
}

export async function chooseLanguage(language: Language): Promise<void> {
  remember(LANGUAGE, language);
  await i18next.changeLanguage(language);
  declareLanguage();
}
