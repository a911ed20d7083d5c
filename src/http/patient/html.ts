/** A piece of HTML that is safe to place: only `html` makes one, and it escapes every value that is not. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Value = Html | string | number | null | false;

/** Writes HTML. Values are escaped for text and for quoted attributes; null and false leave nothing. */
export function html(pieces: TemplateStringsArray, ...values: readonly Value[]): Html {
  let text = pieces[0] ?? '';
  values.forEach((value, at) => {
    text += placed(value) + (pieces[at + 1] ?? '');
  });
  return new Html(text);
}

function placed(value: Value): string {
  if (value === null || value === false) return '';
  if (value instanceof Html) return value.text;
  return String(value).replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/** Our own constant text, such as the style sheet, taken as it stands. Never anything from outside. */
export function own(text: string): Html {
  return new Html(text);
}
