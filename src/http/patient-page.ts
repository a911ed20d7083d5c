import { beijing } from '#world';
import { html, own, type Html } from './patient/html.ts';
import { marks, sign, type SignTone } from './patient/marks.ts';
import { patientScript } from './patient/script.ts';
import { patientStage, type PatientStage, type PatientStatus } from './patient/stage.ts';
import { patientStyle } from './patient/style.ts';
import { patientWords, type PatientLanguage } from './patient/words.ts';

export interface PatientView {
  /** The public state of the session, as `/status` answers it. */
  status: PatientStatus;
  clinicName: string;
  world: 'live' | 'sandbox' | 'simulated';
  /** Of this answer's content security policy: one style and one script carry it. */
  nonce: string;
  imageUrl: string;
  /** The session's server-sent events. */
  eventsUrl: string;
  language?: PatientLanguage;
}

const tones: Record<PatientStage, SignTone> = {
  creating: 'blue',
  ready: 'blue',
  scanned: 'blue',
  confirming: 'warn',
  paid: 'good',
  surplus: 'warn',
  disputed: 'bad',
  expired: 'calm',
  replaced: 'calm',
  settled_elsewhere: 'good',
  cancelled: 'calm',
};

/** Seconds after which a page without scripts loads itself again; late money can still change an expired one. */
const PENDING_RELOAD_S = 3;
const ENDED_RELOAD_S = 15;

/**
 * The page that a patient opens on a phone: payee, amount, method, code, time and state. It never names
 * patient, item or department. Whole without JavaScript; with it, the page follows at once.
 * source   reference/screens.md 3 and 6 (rules for elderly users: 18 px, 4.5:1, 44 px)
 */
export function renderPatientPage(view: PatientView): string {
  const { status, clinicName, nonce } = view;
  const language = view.language ?? 'zh';
  const t = patientWords[language];
  const stage = patientStage(status);
  const pending = status.status === 'pending';
  const body = html`<main id="page" ${dataOf(view, t.left)}>
<div class="card ${status.payment_method}">
<p class="payee">${t.payee}</p>
<h1 class="clinic">${clinicName}</h1>
<p class="amount${widthOf(grouped(status.amount))}"><small>¥</small>${grouped(status.amount)}</p>
<p class="method">${marks[status.payment_method]}${t[status.payment_method]}</p>
${status.code_shown ? codePart(view) : null}
${stateOf(tones[stage], t.stages[stage])}
${stage === 'replaced' ? html`<a class="go" href="/pay/${status.replaced_by}">${t.newCode}</a>` : null}
${status.paid_at === null ? null : html`<dl class="facts"><dt>${t.paidAt}</dt><dd>${beijingText(status.paid_at)}</dd></dl>`}
</div>
<p class="foot">${marks.zhenfu}诊付</p>
</main>
<script nonce="${nonce}">${own(patientScript)}</script>`;
  return document({ ...view, language, reloadSeconds: pending ? PENDING_RELOAD_S : ENDED_RELOAD_S }, body);
}

/** What stands at a link that leads to no session: it says so, and where to ask. */
export function renderNoSession(
  view: Pick<PatientView, 'clinicName' | 'world' | 'nonce' | 'language'>,
): string {
  const language = view.language ?? 'zh';
  const t = patientWords[language];
  const body = html`<main>
<div class="card">
<h1 class="clinic">${view.clinicName}</h1>
${stateOf('calm', t.none)}
</div>
<p class="foot">${marks.zhenfu}诊付</p>
</main>`;
  return document({ ...view, language, reloadSeconds: undefined }, body);
}

interface Around extends Pick<PatientView, 'clinicName' | 'world' | 'nonce'> {
  language: PatientLanguage;
  /** For a page without scripts; undefined when nothing will change. */
  reloadSeconds: number | undefined;
}

function document({ clinicName, world, nonce, language, reloadSeconds }: Around, body: Html): string {
  const t = patientWords[language];
  const reload =
    reloadSeconds === undefined
      ? null
      : html`<noscript><meta http-equiv="refresh" content="${reloadSeconds}"></noscript>`;
  return html`<!doctype html>
<html lang="${language === 'zh' ? 'zh-CN' : 'en'}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<meta name="format-detection" content="telephone=no">
<title>${t.title} · ${clinicName}</title>
${reload}
<style nonce="${nonce}">${own(patientStyle)}</style>
</head>
<body>
${world === 'live' ? null : html`<aside class="stripes">${t[world]}</aside>`}
${body}
</body>
</html>
`.text;
}

function stateOf(tone: SignTone, { word, hint }: { word: string; hint: string }): Html {
  return html`<div class="state ${tone}" role="status">${sign(tone)}<div><strong>${word}</strong><span>${hint}</span></div></div>`;
}

/** What the script needs: both instants of the service's clock, the version shown, where news comes from. */
function dataOf({ status, eventsUrl }: PatientView, left: string): Html {
  const end = Date.parse(status.expires_at);
  const now = Date.parse(status.server_time);
  return html`data-end="${end}" data-now="${now}" data-version="${status.version}" data-events="${eventsUrl}" data-left="${left}"`;
}

function codePart({ status, imageUrl, language = 'zh' }: PatientView): Html {
  const t = patientWords[language];
  const scan = status.payment_method === 'alipay' ? t.scanAlipay : t.scanWechat;
  // Without the script the end of the time stands here; with it, what is left.
  return html`<img class="code" src="${imageUrl}" width="330" height="330" alt="${t[status.payment_method]}${t.codeAlt} ¥${status.amount}">
<p class="scan">${scan}</p>
${status.payment_method === 'wechat' ? html`<p class="payee">${t.notByLongPress}</p>` : null}
<p class="left"><span id="left-word">${t.until}</span> <b id="left" role="timer">${beijingText(status.expires_at).slice(11, 16)}</b></p>`;
}

/** A long amount is set smaller: it stays on one line. */
function widthOf(amount: string): string {
  if (amount.length <= 8) return '';
  return amount.length <= 10 ? ' amount-long' : ' amount-longest';
}

function beijingText(instant: string): string {
  return beijing(Date.parse(instant));
}

/** `"1234.50"` → `"1,234.50"`, by its digits. */
function grouped(yuanText: string): string {
  return yuanText.replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}
