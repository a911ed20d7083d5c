import { createBill } from '#bill';
import { listSuspense, refundSuspense } from '#disposition';
import { requestRefund } from '#refund';
import { cancelSession, openSession, readSession, voidBill, type SessionView } from '#session';
import { isRefusal } from '#trouble';
import type { Parts } from '../simulation/ground.ts';
import type { Promised } from './promises.ts';

/** Who plays a story: the operations of the product, a clock to move, both wallets, and promises to tell. */
export interface Player {
  parts: Parts;
  method: 'alipay' | 'wechat';
  /** Goes before the names of its bills, where many play over one database. */
  name?: string;
  promise(promised: Promised): void;
  /** Moves the clock until this is there. */
  until<T>(work: Promise<T>): Promise<T>;
  wait(ms: number): Promise<void>;
  scan(content: string): Promise<void>;
  pay(content: string, fen?: number): Promise<void>;
  weather(change: Record<string, unknown>): Promise<void>;
}

const FEN = 12_850;
const actor = 'staff:cashier';

/** The shortest way to the money and back, for those who play it again and again. */
export async function shortStory(player: Player): Promise<void> {
  const { bill, session } = await openFor(player, '1');
  await player.pay(session.qr_code_content);
  for (let look = 0; look < 5 && !(await sawPaid(player, session)); look += 1) await player.wait(2);
  await giveBack(player, bill, 500, '1');
}

/** The money paths, each from its beginning to its end. A story may be cut off after any statement of it. */
export const stories: Record<string, (player: Player) => Promise<void>> = {
  async 'a payment that is notified, and a part of it that goes back'(player) {
    const { bill, session } = await openFor(player, 'n');
    await player.pay(session.qr_code_content);
    await player.wait(1_000);
    await sawPaid(player, session);
    await giveBack(player, bill, 500, 'once');
    await player.wait(2_000);
    await giveBack(player, bill, FEN - 500, 'twice');
    await player.wait(3_000);
  },
  async 'a payment that only questions find'(player) {
    await player.weather({ notify_lose: 1 });
    const { session } = await openFor(player, 'q');
    await player.scan(session.qr_code_content);
    await player.wait(3_000);
    await player.pay(session.qr_code_content);
    await player.wait(12_000);
    await sawPaid(player, session);
  },
  async 'a code that is taken away'(player) {
    const { session } = await openFor(player, 'c');
    const wish = { publicId: session.public_id, insist: false, actor };
    const done = await player.until(cancelSession(player.parts, wish));
    if (!isRefusal(done) && done.result === 'closed') toldClosed(player, session);
    await player.wait(1_000);
  },
  async 'a bill that is void while its code is shown'(player) {
    const { bill } = await openFor(player, 'v');
    const wish = { id: bill, reason: '重开', insist: false, actor };
    const done = await player.until(voidBill(player.parts, wish));
    if (!isRefusal(done))
      player.promise({
        words: 'the bill was said to be void',
        row: `SELECT 1 FROM bills WHERE id = ? AND status = 'void'`,
        values: [bill],
      });
    await player.wait(1_000);
  },
  async 'two codes that are both paid'(player) {
    const { bill, session } = await openFor(player, 'b');
    await player.scan(session.qr_code_content);
    const other = player.method === 'alipay' ? 'wechat' : 'alipay';
    const second = await open(player, bill, { method: other, refresh: true, insist: true });
    await player.pay(session.qr_code_content);
    if (second !== undefined) await player.pay(second.qr_code_content);
    await player.wait(8_000);
  },
  async 'a code whose time runs out'(player) {
    await openFor(player, 't');
    await player.wait(90_000);
  },
  async 'money of another amount, that a person sends back'(player) {
    const { session } = await openFor(player, 'w');
    await player.pay(session.qr_code_content, FEN + 7);
    await player.wait(1_000);
    const [item] = await player.until(listSuspense(player.parts, 0, 10));
    if (item === undefined) return;
    await player.until(
      refundSuspense(player.parts, { id: item.id, note: '核对后退回', actor: 'staff:second' }),
    );
    await player.wait(3_000);
  },
  async 'four at the counter at once'(player) {
    const opened = await Promise.all(Array.from({ length: 4 }, (_, index) => openFor(player, `s${index}`)));
    await Promise.all(opened.map(({ session }) => player.pay(session.qr_code_content)));
    await player.wait(1_000);
    await Promise.all(opened.map(({ bill }, index) => giveBack(player, bill, 100 + index, `s${index}`)));
    await player.wait(2_500);
  },
};

async function openFor(player: Player, name: string): Promise<{ bill: number; session: SessionView }> {
  const wish = {
    external_bill_no: `HIS-${player.name ?? ''}${name}`,
    patient_name: '张小丰',
    lines: [{ fee_class: '09', name: '阿莫西林胶囊', quantity: '1', unit: '盒', unit_price_fen: FEN }],
  } as const;
  const made = await player.until(createBill(player.parts, wish, 'key:his'));
  if (isRefusal(made)) throw new Error(made.refused);
  player.promise({
    words: `bill ${name} was made`,
    row: 'SELECT 1 FROM bills WHERE id = ? AND external_bill_no = ? AND payable_fen = ?',
    values: [made.bill.id, wish.external_bill_no, FEN],
  });
  const session = await open(player, made.bill.id, {});
  if (session === undefined) throw new Error('no code was shown');
  return { bill: made.bill.id, session };
}

async function open(
  player: Player,
  billId: number,
  more: { method?: 'alipay' | 'wechat'; refresh?: boolean; insist?: boolean },
): Promise<SessionView | undefined> {
  const { method = player.method, refresh = false, insist = false } = more;
  const wish = { billId, method, timeoutMinutes: 1, refresh, insist, actor };
  const opened = await player.until(openSession(player.parts, wish));
  if (isRefusal(opened)) return undefined;
  const { session } = opened;
  player.promise({
    words: `the code of session ${session.public_id} was shown`,
    row: 'SELECT 1 FROM payment_sessions WHERE public_id = ? AND qr_code_content = ?',
    values: [session.public_id, session.qr_code_content],
  });
  return session;
}

async function sawPaid(player: Player, { public_id: id }: SessionView): Promise<boolean> {
  const now = await player.until(readSession(player.parts, id));
  if (now?.status !== 'paid') return false;
  player.promise({
    words: `session ${id} was shown to be paid`,
    row: `SELECT 1 FROM payment_sessions WHERE public_id = ? AND status = 'paid'`,
    values: [id],
  });
  return true;
}

function toldClosed(player: Player, { public_id: id }: SessionView): void {
  player.promise({
    words: `session ${id} was said to be closed`,
    row: `SELECT 1 FROM payment_sessions AS s JOIN payments AS p ON p.id = s.payment_id
      WHERE s.public_id = ? AND p.state = 'closed'`,
    values: [id],
  });
}

async function giveBack(player: Player, billId: number, amountFen: number, key: string): Promise<void> {
  const wish = { billId, amountFen, reason: '退药', actor, requestKey: `refund ${player.name ?? ''}${key}` };
  const made = await player.until(requestRefund(player.parts, wish));
  if (isRefusal(made)) return;
  player.promise({
    words: `refund ${made.out_refund_no} was accepted`,
    row: 'SELECT 1 FROM refunds WHERE out_refund_no = ? AND amount_fen = ?',
    values: [made.out_refund_no, amountFen],
  });
}
