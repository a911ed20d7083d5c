/** The pretend wallet: scan, look, type a password, pay. It believes nothing it was not told by the wallet. */
import { ask, clinicTime, Refused, yuan } from './api.mjs';
import { readFrame, readImage } from './read-code.mjs';

const byId = (id) => document.getElementById(id);

const wallets = {
  alipay: {
    name: '支付宝',
    mark: '<svg viewBox="0 0 40 40" aria-hidden="true"><rect width="40" height="40" rx="9" fill="#1677ff"/><text x="20" y="29" text-anchor="middle" font-size="24" font-weight="700" fill="#ffffff">支</text></svg>',
  },
  wechat: {
    name: '微信支付',
    mark: '<svg viewBox="0 0 40 40" aria-hidden="true"><rect width="40" height="40" rx="9" fill="#07c160"/><path d="M20 8c-7 0-12.5 4.6-12.5 10.4 0 3.3 1.8 6.2 4.6 8.1l-1 4.5 4.9-2.6c1.3.3 2.6.4 4 .4 7 0 12.5-4.6 12.5-10.4S27 8 20 8z" fill="#ffffff"/><path d="M14 18.5l4.5 4 8.5-8" fill="none" stroke="#07c160" stroke-width="3" stroke-linecap="round" stroke-linejoin="round"/></svg>',
  },
};

const WRONG_PASSWORD = '000000';
const PASSWORD_LENGTH = 6;

/** The code on the table and what its wallet said about it. */
let order;
let typed = '';
let camera;

// ── Views ───────────────────────────────────────────────────────────────────────────────────────────

function show(view) {
  for (const section of document.querySelectorAll('.view')) section.hidden = section.id !== view;
  if (view !== 'finder') stopCamera();
  say('');
  if (view === 'home') {
    order = undefined;
    delete document.body.dataset.channel;
  }
  window.scrollTo(0, 0);
}

function say(words) {
  byId('notice').textContent = words;
}

function fill(name, text) {
  for (const place of document.querySelectorAll(`[data-show="${name}"]`)) place.textContent = text;
}

function wear(channel) {
  document.body.dataset.channel = channel;
  const wallet = wallets[channel];
  for (const place of document.querySelectorAll('[data-brand]')) {
    place.innerHTML = `${wallet.mark}<span>${wallet.name} <small>模拟</small></span>`;
  }
}

// ── The wallet ──────────────────────────────────────────────────────────────────────────────────────

function payer() {
  return byId('payer').value;
}

/** Everything that goes out goes through here: a phone without a network tells nobody anything. */
function send(path, body) {
  if (byId('offline').checked) throw new Refused('网络不给力，请检查网络设置');
  return ask('POST', path, body);
}

async function scan(content) {
  try {
    const scanned = await send('/_sim/scan', { content, payer: payer() });
    order = { content, ...scanned };
    wear(scanned.channel);
    fill('payee', scanned.payee);
    fill('amount', yuan(scanned.amount_fen));
    fill('subject', scanned.subject);
    fill('payer', payer());
    byId('content').value = '';
    show('order');
  } catch (error) {
    show('home');
    say(error.message);
  }
}

async function pay() {
  try {
    const debit = await send('/_sim/pay', { content: order.content, payer: payer() });
    showOutcome(true, '支付成功', yuan(debit.amount_fen), [
      ['收款方', order.payee],
      ['商品说明', order.subject],
      ['付款人', payer()],
      ['支付时间', clinicTime(debit.at)],
      ['交易号', debit.channel_trade_no],
      ['商户单号', debit.out_trade_no],
    ]);
  } catch (error) {
    showOutcome(false, error.message, '', []);
  }
}

function showOutcome(good, words, amount, lines) {
  show('result');
  byId('mark').textContent = good ? '✓' : '✕';
  byId('mark').classList.toggle('failed', !good);
  byId('outcome').textContent = words;
  byId('again').hidden = good;
  fill('paid', amount);
  const receipt = byId('receipt');
  receipt.hidden = lines.length === 0;
  receipt.replaceChildren(...lines.flatMap(([name, value]) => [element('dt', name), element('dd', value)]));
}

function element(tag, text) {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}

// ── Password ────────────────────────────────────────────────────────────────────────────────────────

function askPassword() {
  typed = '';
  byId('wrong').textContent = '';
  show('password');
  drawDots();
}

function drawDots() {
  const dots = byId('dots');
  dots.setAttribute('aria-label', `已输入 ${typed.length} 位，共 ${PASSWORD_LENGTH} 位`);
  dots.replaceChildren(
    ...Array.from({ length: PASSWORD_LENGTH }, (_, i) => element('span', i < typed.length ? '●' : '')),
  );
}

function press(key) {
  if (key === '⌫') typed = typed.slice(0, -1);
  else if (typed.length < PASSWORD_LENGTH) typed += key;
  byId('wrong').textContent = '';
  drawDots();
  if (typed.length < PASSWORD_LENGTH) return;
  const wrong = typed === WRONG_PASSWORD;
  typed = '';
  if (!wrong) {
    void pay();
    return;
  }
  drawDots();
  byId('wrong').textContent = '支付密码不正确，请重新输入';
}

for (const key of ['1', '2', '3', '4', '5', '6', '7', '8', '9', '', '0', '⌫']) {
  if (key === '') {
    byId('keypad').append(document.createElement('span'));
    continue;
  }
  const button = element('button', key);
  button.type = 'button';
  if (key === '⌫') button.setAttribute('aria-label', '删除 Delete');
  button.addEventListener('click', () => press(key));
  byId('keypad').append(button);
}

document.addEventListener('keydown', (event) => {
  if (byId('password').hidden || event.ctrlKey || event.metaKey || event.altKey) return;
  if (/^\d$/.test(event.key)) press(event.key);
  else if (event.key === 'Backspace') press('⌫');
});

// ── Ways to a code ──────────────────────────────────────────────────────────────────────────────────

async function scanImage(file) {
  const text = await readImage(file).catch(() => undefined);
  if (text === undefined) say('未识别到二维码，请换一张更清晰的图片 No code found in this image');
  else await scan(text);
}

async function startCamera() {
  try {
    camera = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
  } catch {
    say('无法使用摄像头，请改用相册 The camera cannot be used: choose an image');
    return;
  }
  show('finder');
  const video = byId('video');
  video.srcObject = camera;
  await video.play();
  const look = () => {
    if (camera === undefined) return;
    const text = readFrame(video);
    if (text === undefined) setTimeout(look, 150);
    else void scan(text);
  };
  look();
}

function stopCamera() {
  for (const track of camera?.getTracks() ?? []) track.stop();
  camera = undefined;
}

function imageOf(transfer) {
  return [...(transfer?.files ?? [])].find((file) => file.type.startsWith('image/'));
}

document.addEventListener('paste', (event) => {
  const image = imageOf(event.clipboardData);
  if (image !== undefined && !byId('home').hidden) void scanImage(image);
});
document.addEventListener('dragover', (event) => event.preventDefault());
document.addEventListener('drop', (event) => {
  event.preventDefault();
  const image = imageOf(event.dataTransfer);
  if (image !== undefined && !byId('home').hidden) void scanImage(image);
});

// ── Bills ───────────────────────────────────────────────────────────────────────────────────────────

async function showBills() {
  show('bills');
  try {
    const ledger = await ask('GET', '/_sim/ledger');
    const mine = ledger.filter((entry) => entry.payer === payer()).reverse();
    byId('bill-list').replaceChildren(...mine.slice(0, 50).map(billLine));
    if (mine.length === 0) byId('bill-list').append(element('li', '暂无账单 Nothing yet'));
  } catch (error) {
    say(error.message);
  }
}

function billLine(entry) {
  const item = document.createElement('li');
  const line = element('div', '');
  line.className = 'line';
  const refund = entry.kind === 'refund';
  line.append(
    element('span', `${wallets[entry.channel].name}${refund ? ' 退款' : ''}`),
    element('span', `${refund ? '+' : '−'}${yuan(entry.amount_fen)}`),
  );
  const fine = element('div', `${clinicTime(entry.at)} · 商户单号 ${entry.out_trade_no}`);
  fine.className = 'fine';
  item.append(line, fine);
  return item;
}

// ── Wiring ──────────────────────────────────────────────────────────────────────────────────────────

byId('camera').addEventListener('click', () => void startCamera());
byId('image').addEventListener('change', (event) => {
  const [file] = event.target.files;
  if (file !== undefined) void scanImage(file);
  event.target.value = '';
});
byId('typed').addEventListener('submit', (event) => {
  event.preventDefault();
  const content = byId('content').value.trim();
  if (content === '') say('请先输入收款码内容 Type the text of a code first');
  else void scan(content);
});
byId('confirm').addEventListener('click', askPassword);
byId('again').addEventListener('click', askPassword);
byId('cancel').addEventListener('click', () => {
  show('home');
  say('已取消付款，订单未支付 Cancelled, not paid');
});
byId('bills-open').addEventListener('click', () => void showBills());
for (const button of document.querySelectorAll('[data-go]')) {
  button.addEventListener('click', () => show(button.dataset.go));
}
byId('payer').value = localStorage.getItem('payer') ?? '张三';
byId('payer').addEventListener('change', () => localStorage.setItem('payer', payer()));
