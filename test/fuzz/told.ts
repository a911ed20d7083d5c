import type { PaymentMethod } from '#channel';

/** One request at the door of notifications, and what its maker knows about it. */
export interface Told {
  endpoint: PaymentMethod;
  headers: Record<string, string>;
  body: Buffer;
  /**
   * true     word for word what the channel says of a payment that waits
   * changed  other content, under a good signature of this moment
   * forged   changed after it was signed, or never signed by the channel
   * framed   good or bad content in a bad frame
   */
  kind: 'true' | 'changed' | 'forged' | 'framed';
  /** What was done to it, for the count of what was tried. */
  how: string;
  /** Whether this content, believed, may settle the payment that it names: judged by the maker, not by the product. */
  maySettle: boolean;
  /** The one refund that this content, believed, may end as succeeded. Alipay's words name no amount of one refund. */
  mayReturn?: { outRefundNo: unknown; number: unknown; amountFen: unknown } | undefined;
}
