/**
 * The control API as these pages use it. Another machine's browser needs the simulators' token: it comes
 * once in the address, after `#token=`, and stays in this tab.
 */
const TOKEN = 'simulator-token';

const given = new URLSearchParams(location.hash.slice(1)).get('token');
if (given !== null) {
  sessionStorage.setItem(TOKEN, given);
  history.replaceState(null, '', location.pathname);
}

/** A refusal in words for people. */
export class Refused extends Error {}

/** Answers the JSON; throws `Refused` with the wallet's or the simulators' words. */
export async function ask(method, path, body) {
  const token = sessionStorage.getItem(TOKEN);
  const headers = token === null ? {} : { authorization: `Bearer ${token}` };
  const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
  const answer = await fetch(path, init).catch(() => {
    throw new Refused('模拟网关没有应答 The simulators do not answer');
  });
  const content = await answer.json();
  if (!answer.ok) throw new Refused(content.words ?? content.detail ?? `${answer.status}`);
  return content;
}

/** 1280 becomes ¥12.80, by its digits. */
export function yuan(fen) {
  const digits = String(fen).padStart(3, '0');
  return `¥${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** An instant as a clinic in China reads it. */
export function clinicTime(ms) {
  return new Date(ms + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
}
