import { useTranslation } from 'react-i18next';
import type { Prescription, PrescriptionState } from '../../api/shapes.ts';
import { Badge, type Tone } from '../../ui/badge.tsx';

const TONES: Record<PrescriptionState, Tone> = {
  issued: 'blue',
  approved: 'good',
  returned: 'warn',
  void: 'calm',
};

/** The state of the paper. Where review is off, an issued one waits for nobody. */
export function StateBadge({ prescription }: { prescription: Prescription }) {
  const { t } = useTranslation();
  const { state, review_required } = prescription;
  return (
    <Badge tone={TONES[state]}>
      {state === 'issued' && !review_required
        ? t('prescriptions.issuedNoReview')
        : t(`prescriptions.${state}`)}
    </Badge>
  );
}

/** The state of its charge, which is the bill's: 处方 and 收费 are kept apart. */
export function ChargeBadge({ prescription }: { prescription: Prescription }) {
  const { t } = useTranslation();
  const { bill_status } = prescription;
  if (bill_status === null || bill_status === 'void') return null;
  return <Badge tone={bill_status === 'paid' ? 'good' : 'calm'}>{t(`bills.${bill_status}`)}</Badge>;
}
