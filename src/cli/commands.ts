import { createApiKey, createLoginToken, scopes, type AccessParts, type Scope } from '#access';

/** What a running service does for the command line, and what the command line does when none runs. */
export interface CommandParts extends AccessParts {
  /** Where people open the pages. */
  address: string;
}

export type CommandName = 'api-key create' | 'login-link';
export type CommandAnswer = { ok: true; result: Record<string, string> } | { ok: false; words: string };

const NAME = /^[\p{L}\p{N}][\p{L}\p{N}._ -]{0,39}$/u;

export async function runCommand(
  parts: CommandParts,
  name: CommandName,
  options: Record<string, string | undefined>,
): Promise<CommandAnswer> {
  if (name === 'login-link') {
    const token = await createLoginToken(parts);
    return { ok: true, result: { url: `${parts.address}/login#token=${token}` } };
  }
  if (options['name'] === undefined || !NAME.test(options['name'])) {
    return {
      ok: false,
      words: '--name：1 至 40 个字母、数字、空格或 . _ - · 1–40 letters, digits, blanks or . _ -',
    };
  }
  const granted = scopesOf(options['scope'] ?? '');
  if (granted === undefined) {
    return { ok: false, words: `--scope：all，或用逗号连接 · all, or a list of ${scopes.join(',')}` };
  }
  const key = await createApiKey(parts, options['name'], granted);
  return { ok: true, result: { key, name: options['name'], scope: granted.join(',') } };
}

function scopesOf(text: string): readonly Scope[] | undefined {
  if (text === 'all') return scopes;
  const asked = text.split(',').map((word) => word.trim());
  const known = scopes.filter((scope) => asked.includes(scope));
  return known.length === asked.length && known.length > 0 ? known : undefined;
}
