/** The gateway's memory: orders, codes, refunds. Saved after each change, loaded when the gateway is made. */
import type { Kernel } from '../kernel/contract.ts';
import type { NativeOrder, RefundOrder } from './bodies.ts';
import type { PlatformCertificate, SigningMode } from './merchant.ts';

export interface Order {
  /** The parameters of the first call; a repeat must equal them. */
  request: NativeOrder;
  created_at: number;
  /** The last instant at which a payment may succeed; not a close. */
  payable_until: number;
  /** From here on CLOSED: seven days after the order, or when a close takes effect. */
  closes_at: number;
  codes: Code[];
  /** The first wallet that scanned; no other may pay (6.1). */
  scanned_by?: string;
  paid?: Paid;
  /** True once a refund, a part included, was accepted: from then on the trade state is REFUND. */
  refunded?: true;
}

export interface Code {
  content: string;
  issued_at: number;
  /** A repeat of the order has ended it, where the weather says that repeats do. */
  ended: boolean;
}

export interface Paid {
  transaction_id: string;
  payer: string;
  openid: string;
  at: number;
  /** Differs from the order's total only where a wrong amount was planted. */
  amount_fen: number;
}

export interface Refund {
  request: RefundOrder;
  refund_id: string;
  transaction_id: string;
  out_trade_no: string;
  created_at: number;
  status: 'PROCESSING' | Refund['ends_as'];
  /** By the channel's clock, when it left PROCESSING. */
  ended_at?: number;
  /** How it will end, and when: by the world's clock, for skew moves stamps and not waiting. */
  ends_as: 'SUCCESS' | 'CLOSED' | 'ABNORMAL';
  ends_at: number;
}

/** Rotation and migration happen after the merchant was made, so they are kept here. */
export interface PlatformChange {
  /** The merchant certificate's serial: a freshly made merchant begins anew. */
  of: string;
  mode: SigningMode;
  notificationShare: number;
  certificates: PlatformCertificate[];
}

interface Saved {
  orders: Order[];
  refunds: Refund[];
  burnt: string[];
  platform?: PlatformChange;
}

export interface Book {
  orders: Map<string, Order>;
  ordersByCode: Map<string, Order>;
  ordersByTransaction: Map<string, Order>;
  refunds: Map<string, Refund>;
  refundsOf(outTradeNo: string): Refund[];
  /** Numbers that got a 204 for a close before any order existed. */
  burnt: Set<string>;
  platform?: PlatformChange;
  /** Makes an order findable by number, by each of its codes and by its transaction. */
  index(order: Order): void;
  save(): void;
}

const document = 'wechat';

export function openBook(kernel: Kernel): Book {
  const saved = savedBook(kernel.load(document));
  const book: Book = {
    orders: new Map(),
    ordersByCode: new Map(),
    ordersByTransaction: new Map(),
    refunds: new Map(saved.refunds.map((refund) => [refund.request.out_refund_no, refund])),
    refundsOf: (number) => [...book.refunds.values()].filter((refund) => refund.out_trade_no === number),
    burnt: new Set(saved.burnt),
    ...(saved.platform === undefined ? {} : { platform: saved.platform }),
    index(order) {
      book.orders.set(order.request.out_trade_no, order);
      for (const code of order.codes) book.ordersByCode.set(code.content, order);
      if (order.paid !== undefined) book.ordersByTransaction.set(order.paid.transaction_id, order);
    },
    // The document becomes text only when it is written, not at each change.
    save: () => kernel.save(document, { toJSON: () => toSaved(book) }),
  };
  for (const order of saved.orders) book.index(order);
  return book;
}

/** Our own file, written by `save`: only its outer shape is checked. */
function savedBook(stored: unknown): Saved {
  if (stored === undefined || stored === null) return { orders: [], refunds: [], burnt: [] };
  if (isSaved(stored)) return stored;
  throw new Error('wechat.json is not a book of orders: move it away to begin anew');
}

function isSaved(stored: unknown): stored is Saved {
  return typeof stored === 'object' && stored !== null && 'orders' in stored && Array.isArray(stored.orders);
}

function toSaved(book: Book): Saved {
  return {
    orders: [...book.orders.values()],
    refunds: [...book.refunds.values()],
    burnt: [...book.burnt],
    ...(book.platform === undefined ? {} : { platform: book.platform }),
  };
}
