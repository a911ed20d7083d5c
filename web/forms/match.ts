import PinyinMatch from 'pinyin-match';

/** True when one of the texts holds what was typed: as it stands, or by its pinyin or pinyin initials. */
export function matchesQuery(typed: string, texts: readonly string[]): boolean {
  const query = typed.trim().toLowerCase();
  if (query === '') return true;
  return texts.some((text) => text.toLowerCase().includes(query) || PinyinMatch.match(text, query) !== false);
}
