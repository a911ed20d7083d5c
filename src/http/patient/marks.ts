import { own } from './html.ts';

/** Our own simple drawings for the two methods, and our mark; they are not the brands' logos. */
export const marks = {
  alipay: own(
    '<svg viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="9" fill="#1677ff"/><g fill="none" stroke="#fff" stroke-width="2.4" stroke-linecap="round" stroke-linejoin="round"><path d="M8 10.5h16M16 6.5v9M9.5 15.5h12.2c-1.6 4.6-5.6 8-12.4 9.8"/><path d="M11.2 18.2c2.6 3.8 6.4 6 11.8 7"/></g></svg>',
  ),
  wechat: own(
    '<svg viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="9" fill="#07c160"/><path fill="#fff" d="M13.2 7.5C9 7.5 5.6 10.3 5.6 13.8c0 2 1.1 3.7 2.8 4.9l-.7 2.4 2.7-1.4c.9.2 1.8.4 2.8.4h.5a5.6 5.6 0 0 1-.2-1.5c0-3.4 3.3-6 7.2-6h.4c-.8-3-4-5.1-7.9-5.1Z"/><path fill="#fff" d="M26.6 18.7c0-2.8-2.7-5-6-5s-6 2.2-6 5 2.7 5 6 5c.7 0 1.4-.1 2-.3l2.2 1.2-.6-2c1.5-.9 2.4-2.3 2.4-3.9Z"/><g fill="#07c160"><circle cx="10.7" cy="12.2" r="1.1"/><circle cx="15.6" cy="12.2" r="1.1"/><circle cx="18.7" cy="17.6" r=".95"/><circle cx="22.6" cy="17.6" r=".95"/></g></svg>',
  ),
  zhenfu: own(
    '<svg viewBox="0 0 32 32" aria-hidden="true"><rect x="1" y="1" width="30" height="30" rx="9" fill="#0958d9"/><rect x="6" y="6" width="20" height="20" rx="5" fill="none" stroke="#fff" stroke-width="2.6"/><path d="M16 11v10M11 16h10" stroke="#fff" stroke-width="3.6" stroke-linecap="round"/></svg>',
  ),
} as const;

/** Our mark as a picture of its own. */
export const favicon = marks.zhenfu.text.replace('<svg ', '<svg xmlns="http://www.w3.org/2000/svg" ');

const shapes = {
  blue: 'M24 13v12l7.5 4.5',
  good: 'M14.5 24.8l6.7 6.7 13-14',
  warn: 'M24 13v14M24 34v.2',
  bad: 'M24 13v14M24 34v.2',
  calm: 'M16 24h16',
} as const;

export type SignTone = keyof typeof shapes;

/** The sign beside a state: a ring with a drawn shape, so that colour is never the only sign. */
export function sign(tone: SignTone) {
  return own(
    `<svg viewBox="0 0 48 48" aria-hidden="true"><circle cx="24" cy="24" r="21"/><path d="${shapes[tone]}"/></svg>`,
  );
}
