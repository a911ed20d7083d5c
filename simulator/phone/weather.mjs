/** The panel: every kind of weather by hand or all of it by a seed, and the clock. */
import { ask, clinicTime, yuan } from './api.mjs';

const byId = (id) => document.getElementById(id);

/** Names for people. A kind that is missing here is still shown, by its own name. */
const groups = [
  [
    '请求与应答',
    'Requests and answers',
    {
      lose_request: ['请求丢失，未处理', 'lost before acting'],
      lose_answer: ['已处理，应答丢失', 'lost after acting'],
      answer_500: ['系统错误，未处理', 'system error, not acted'],
      answer_500_after_acting: ['已处理，却答系统错误', 'system error after acting'],
      answer_html: ['502 网页', '502 with an HTML page'],
      throttle: ['限流', 'too many requests'],
      answer_unsigned: ['应答无签名', 'answer without signature'],
      answer_wrong_signature: ['应答签名错误', 'answer signed wrongly'],
      answer_other_order: ['应答是别的订单', 'answer about another order'],
      answer_stale: ['应答时间过旧（微信）', 'answer with an old timestamp'],
      answer_unknown_code: ['未知错误码，未处理', 'a code nobody documented'],
      delay_ms: ['应答延迟（毫秒）', 'answers late, ms'],
      silent: ['不应答', 'never answers'],
    },
  ],
  [
    '通知',
    'Notifications',
    {
      notify_lose: ['通知丢失', 'lost'],
      notify_double: ['重复通知', 'doubled'],
      notify_delay_ms: ['通知延迟（毫秒）', 'late, ms'],
      notify_reorder: ['通知乱序', 'overtaken by later ones'],
      notify_corrupt: ['通知内容损坏', 'corrupted after signing'],
      notify_forge: ['另发伪造通知', 'an extra forged one'],
      notify_probe: ['签名探测（微信）', 'signature probe'],
      notify_before_answer: ['下单应答前已付款并通知', 'paid and told before the answer'],
      notify_wrong_amount: ['金额不符但签名有效', 'validly signed, wrong amount'],
    },
  ],
  [
    '付款与查询',
    'Payments and queries',
    {
      not_exist_after_scan: ['已扫码却查无交易', 'scanned, yet “no such trade”'],
      stale_unpaid: ['已付款却查为未付（10 秒内）', 'paid, yet “unpaid” for 10 s'],
      pay_after_close: ['关单后仍可付款', 'payable after close'],
    },
  ],
  [
    '退款',
    'Refunds',
    {
      refund_pending_ms: ['退款延后到账（毫秒）', 'arrives later, ms'],
      refund_no_balance: ['商户余额不足', 'balance too small'],
      refund_abnormal: ['退款异常（微信）', 'ABNORMAL'],
      refund_stuck: ['退款卡住，关闭后到账', 'stuck until switched off'],
      wechat_refund_passing_404: ['退款时暂称订单不存在（微信）', 'order not found, for a moment'],
      wechat_refund_closed: ['受理后退款关闭（微信）', 'accepted, then CLOSED'],
    },
  ],
  [
    '对账单',
    'Statements',
    {
      statement_late: ['到点仍未生成', 'not there yet'],
      statement_truncated: ['文件残缺', 'cut off'],
      statement_wrong_sum: ['合计与明细不符', 'its sums disagree'],
      statement_wrong_hash: ['哈希值不符（微信）', 'a wrong hash'],
      statement_line_missing: ['少一笔，合计相符', 'a line missing, sums agree'],
      statement_line_differs: ['金额差一分，合计相符', 'a fen off, sums agree'],
    },
  ],
  [
    '渠道习惯（资料未定）',
    'Habits the papers leave open',
    {
      alipay_cancel_ends_unscanned_code: ['支付宝：撤销使未扫的码失效', 'cancel ends an unscanned code'],
      alipay_full_refund_notifies: ['支付宝：全额退款发通知', 'a full refund is notified'],
      alipay_timeout_counts_from_request: [
        '支付宝：相对超时从下单起算',
        'timeout_express counts from the request',
      ],
      alipay_notify_repeats_at_once: ['支付宝：先立即重发三次', 'three repeats at once'],
      alipay_close_notifies: ['支付宝：关单发通知', 'a close is notified'],
      wechat_repeat_ends_old_code: ['微信：重复下单使旧码失效', 'a repeat ends the old code'],
      wechat_repeat_revives_expired: ['微信：重复下单可续过期订单', 'a repeat revives an expired order'],
      wechat_close_unknown_gives_204: ['微信：关闭未知订单也答 204', 'closing an unknown order gives 204'],
      wechat_not_closed_after_204_ms: ['微信：204 后未关的时长（毫秒）', 'not closed yet after 204, ms'],
      wechat_sign_business_errors: ['微信：业务错误也签名', 'business errors are signed'],
      wechat_close_while_paying: ['微信：付款中关单被拒', 'a close while paying is refused'],
      wechat_number_refused_with_201: ['微信：重号答 201', 'a used number gives 201'],
      wechat_204_blocks_late_create: ['微信：先关的号不能再下单', 'a number closed first stays closed'],
    },
  ],
];

const advances = [
  ['+1 分钟', 60_000],
  ['+5 分钟', 300_000],
  ['+15 分钟', 900_000],
  ['+2 小时', 7_200_000],
  ['+1 天', 86_400_000],
];

let weather = {};
let calm = {};
let clock = { now: 0, speed: 1, skew_ms: 0, version: 0 };
let heardAt = 0;

let silence;

function say(words) {
  byId('status').textContent = words;
  clearTimeout(silence);
  silence = setTimeout(() => (byId('status').textContent = ''), 4000);
}

// ── Weather ─────────────────────────────────────────────────────────────────────────────────────────

async function put(wish) {
  try {
    draw(await ask('PUT', '/_sim/weather', wish));
    say('已生效 In force');
  } catch (error) {
    say(error.message);
    draw(weather);
  }
}

function draw(state) {
  weather = state;
  byId('channel').value = state.channel;
  byId('seed').value = state.seed ?? '';
  for (const row of document.querySelectorAll('.kind')) showKind(row, state[row.dataset.kind]);
}

function showKind(row, value) {
  const input = row.querySelector('input');
  if (typeof value === 'boolean') input.checked = value;
  else if (input.type === 'range') input.value = String(Math.round(value * 100));
  else input.value = String(value);
  const output = row.querySelector('output');
  if (output !== null) output.textContent = `${Math.round(value * 100)}%`;
  row.classList.toggle('active', value !== calm[row.dataset.kind]);
}

function buildKinds(state) {
  const named = new Set(groups.flatMap(([, , kinds]) => Object.keys(kinds)));
  const unnamed = Object.keys(state).filter(
    (kind) => !named.has(kind) && kind !== 'channel' && kind !== 'seed',
  );
  const others = ['其他', 'Others', Object.fromEntries(unnamed.map((kind) => [kind, [kind, '']]))];
  for (const [title, english, kinds] of [...groups, others]) {
    const present = Object.entries(kinds).filter(([kind]) => kind in state);
    if (present.length > 0) byId('groups').append(buildGroup(title, english, present, state));
  }
}

function buildGroup(title, english, kinds, state) {
  const section = document.createElement('section');
  const heading = document.createElement('h2');
  heading.append(`${title} `, inEnglish('small', english));
  const list = document.createElement('div');
  list.className = 'kinds';
  list.append(...kinds.map(([kind, [name, gloss]]) => buildKind(kind, name, gloss, state[kind])));
  section.append(heading, list);
  return section;
}

function buildKind(kind, name, gloss, value) {
  const row = document.createElement('div');
  row.className = 'kind';
  row.dataset.kind = kind;
  const label = document.createElement('label');
  label.htmlFor = kind;
  label.append(name, inEnglish('span', gloss));
  const input = document.createElement('input');
  input.id = kind;
  if (typeof value === 'boolean') {
    input.type = 'checkbox';
    input.setAttribute('role', 'switch');
    input.addEventListener('change', () => void put({ [kind]: input.checked }));
    row.append(label, input);
  } else if (kind.endsWith('_ms')) {
    input.type = 'number';
    input.min = '0';
    input.step = '100';
    input.addEventListener('change', () => void put({ [kind]: Number(input.value) }));
    row.append(label, input);
  } else {
    input.type = 'range';
    input.min = '0';
    input.max = '100';
    input.step = '1';
    const output = document.createElement('output');
    output.htmlFor = kind;
    input.addEventListener('input', () => (output.textContent = `${input.value}%`));
    input.addEventListener('change', () => void put({ [kind]: Number(input.value) / 100 }));
    row.append(label, output, input);
  }
  return row;
}

function inEnglish(tag, text) {
  const made = document.createElement(tag);
  made.lang = 'en';
  made.textContent = text;
  return made;
}

// ── Clock ───────────────────────────────────────────────────────────────────────────────────────────

function hear(state) {
  clock = state;
  heardAt = performance.now();
  byId('speed').value = String(state.speed);
  if (document.activeElement !== byId('skew')) byId('skew').value = String(state.skew_ms / 1000);
  tick();
}

function tick() {
  const now = clock.now + (performance.now() - heardAt) * clock.speed;
  byId('now').textContent = clinicTime(now);
  const ahead = Math.round((now - Date.now()) / 1000);
  const parts = [Math.abs(ahead) < 2 ? '与真实时间相同 real time' : `比真实时间快 ${lengthOf(ahead)} ahead`];
  if (clock.skew_ms !== 0) parts.push(`渠道 channels ${clinicTime(now + clock.skew_ms)}`);
  byId('clock-state').textContent = parts.join(' · ');
}

function lengthOf(seconds) {
  const parts = [
    [Math.floor(seconds / 86_400), '天'],
    [Math.floor(seconds / 3600) % 24, '小时'],
    [Math.floor(seconds / 60) % 60, '分'],
    [seconds % 60, '秒'],
  ];
  return parts
    .filter(([count]) => count !== 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ');
}

async function turn(change) {
  try {
    hear(await ask('POST', '/_sim/clock', change));
    say('时钟已调整 The clock is set');
  } catch (error) {
    say(error.message);
  }
}

/** Follows the clock, whoever turns it. */
async function follow() {
  for (;;) {
    try {
      hear(await ask('GET', `/_sim/clock?after=${clock.version}`));
    } catch (error) {
      say(error.message);
      await new Promise((resolve) => setTimeout(resolve, 3000));
    }
  }
}

// ── Books ───────────────────────────────────────────────────────────────────────────────────────────

const channelNames = { alipay: '支付宝', wechat: '微信支付' };
const kindNames = { debit: '收款', refund: '退款' };

async function drawBooks() {
  const ledger = await ask('GET', '/_sim/ledger').catch(() => []);
  const cells = Object.keys(channelNames).flatMap((channel) =>
    Object.keys(kindNames).flatMap((kind) => {
      const entries = ledger.filter((entry) => entry.channel === channel && entry.kind === kind);
      const sumFen = entries.reduce((sum, entry) => sum + entry.amount_fen, 0);
      return [`${channelNames[channel]} ${kindNames[kind]}`, `${entries.length} 笔`, yuan(sumFen)];
    }),
  );
  byId('books').replaceChildren(
    ...cells.map((text) => {
      const cell = document.createElement('span');
      cell.textContent = text;
      return cell;
    }),
  );
}

for (const [name, ms] of advances) {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = name;
  button.addEventListener('click', () => void turn({ advance_ms: ms }));
  byId('advance').append(button);
}
byId('speed').addEventListener('change', () => void turn({ speed: Number(byId('speed').value) }));
byId('skew').addEventListener(
  'change',
  () => void turn({ skew_ms: Math.round(Number(byId('skew').value) * 1000) }),
);
byId('channel').addEventListener('change', () => void put({ channel: byId('channel').value }));
byId('by-seed').addEventListener('click', () => {
  const seed = byId('seed').value.trim();
  if (seed === '') say('请先填种子 Type a seed first');
  else void put({ reset: true, seed });
});
byId('reset').addEventListener('click', () => void put({ reset: true }));

try {
  const state = await ask('GET', '/_sim/weather');
  calm = await ask('GET', '/_sim/weather/calm');
  buildKinds(state);
  draw(state);
  void drawBooks();
  setInterval(tick, 250);
  setInterval(() => void drawBooks(), 5000);
  void follow();
} catch (error) {
  say(error.message);
}
