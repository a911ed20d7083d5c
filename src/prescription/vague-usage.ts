/**
 * Words that leave the usage to somebody's memory.
 * source   处方管理办法 art. 6: 不得使用“遵医嘱”、“自用”等含糊不清字句
 */
const vagueWords = [
  '遵医嘱',
  '按医嘱',
  '遵嘱',
  '自用',
  '同前',
  '同上',
  '照旧',
  '按说明',
  'as directed',
  'as instructed',
  'as prescribed',
  'as before',
  'as usual',
  'own use',
  'self use',
  'ut dict',
] as const;

/** Blanks, points and full-width letters do not make a vague word precise. */
function bare(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\s\p{P}]/gu, '');
}

/** The vague word that `text` holds, if it holds one. */
export function vagueWordIn(text: string): string | undefined {
  const plain = bare(text);
  return vagueWords.find((word) => plain.includes(bare(word)));
}
