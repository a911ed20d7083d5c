import { useTranslation } from 'react-i18next';
import type { BillStatus, BillSummary } from '../../api/shapes.ts';
import { Badge, type Tone } from '../../ui/badge.tsx';
import { groupedYuan } from '../../ui/format.ts';

const TONES: Record<BillStatus, Tone> = { unpaid: 'blue', paid: 'good', void: 'calm' };

/** A bill's state, and beside it what a cashier should not miss: late, paid twice, partly given back. */
export function BillBadges({ bill }: { bill: BillSummary }) {
  const { t } = useTranslation();
  return (
    <span className="badges">
      <Badge tone={TONES[bill.status]}>{t(`bills.${bill.status}`)}</Badge>
      {bill.late ? <Badge tone="warn">{t('bills.lateMark')}</Badge> : null}
      {bill.surplus_fen > 0 ? <Badge tone="warn">{t('bills.surplusMark')}</Badge> : null}
      {bill.refunded_fen > 0 ? (
        <Badge tone="calm">{t('bills.refundedMark', { amount: `¥${groupedYuan(bill.refunded_fen)}` })}</Badge>
      ) : null}
    </span>
  );
}
