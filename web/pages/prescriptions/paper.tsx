import { useTranslation } from 'react-i18next';
import type { Prescription } from '../../api/shapes.ts';
import { Badge } from '../../ui/badge.tsx';
import { clinicMinute } from '../../ui/format.ts';
import { Money } from '../../ui/money.tsx';
import { ChargeBadge, StateBadge } from './badges.tsx';

type Line = Prescription['lines'][number];

/**
 * A prescription in the order of the paper: 前记 (who, where, why), 正文 (Rp), 后记 (doctor, amount).
 * The colours of the paper are told by its badge: emergency, child, narcotic.
 */
export function Paper({ prescription }: { prescription: Prescription }) {
  const { t } = useTranslation();
  const head: [string, string][] = [
    [t('prescription.name'), prescription.patient_name],
    [t('prescription.sex'), t(`prescription.${prescription.sex}`)],
    [t('prescription.age'), prescription.age],
    [t('prescription.patientNo'), prescription.patient_no],
    [t('prescription.feeType'), prescription.fee_type],
    [t('prescription.department'), prescription.department],
    [t('prescription.date'), clinicMinute(prescription.created_at)],
    [t('prescription.validUntil'), clinicMinute(prescription.valid_until)],
  ];
  return (
    <article className={`rx-paper rx-paper-${prescription.rx_class}`}>
      <header className="rx-paper-head">
        <h2>{t('prescription.paper')}</h2>
        <span className="badges">
          {prescription.rx_class === 'normal' ? null : (
            <Badge tone="warn">{t(`rx.classes.${prescription.rx_class}`)}</Badge>
          )}
          <StateBadge prescription={prescription} />
          <ChargeBadge prescription={prescription} />
        </span>
      </header>
      <dl className="rx-paper-facts">
        {head
          .filter(([, value]) => value !== '')
          .map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd className="numbers-loose">{value}</dd>
            </div>
          ))}
        <div className="rx-paper-wide">
          <dt>{t('prescription.diagnosis')}</dt>
          <dd>{prescription.diagnosis}</dd>
        </div>
      </dl>
      <section className="rx-paper-body">
        <span className="rp" aria-hidden="true">
          {t('prescription.rp')}
        </span>
        <ol>
          {prescription.lines.map((line) => (
            <PaperLine key={line.line_no} line={line} />
          ))}
        </ol>
        {prescription.doses === null ? null : (
          <p>
            {t('prescription.doses', { count: prescription.doses })}
            {prescription.decoction === '' ? '' : `；${prescription.decoction}`}
          </p>
        )}
        {prescription.long_supply_reason === '' ? null : (
          <p className="quiet">
            {t('prescription.longSupply')} · {prescription.long_supply_reason}
          </p>
        )}
      </section>
      <footer className="rx-paper-foot">
        <span>
          <span className="quiet">{t('prescription.doctor')}</span> {prescription.doctor}
        </span>
        <span>
          <span className="quiet">{t('prescription.amount')}</span>{' '}
          <Money fen={prescription.amount_fen} size="large" />
        </span>
      </footer>
      {prescription.review_note === null || prescription.review_note === '' ? null : (
        <p className="rx-paper-note">
          <span className="quiet">{t('prescription.reviewNote')}</span> {prescription.review_note}
        </p>
      )}
    </article>
  );
}

function PaperLine({ line }: { line: Line }) {
  const { t } = useTranslation();
  const usage = [
    `${line.dose}${line.dose_unit}`,
    line.route,
    line.frequency,
    line.days === null ? '' : t('prescription.days', { count: line.days }),
    line.footnote,
    line.advice,
    line.skin_test ? t('prescription.skinTest') : '',
  ].filter((word) => word !== '');
  return (
    <li>
      <span className="rx-drug">
        <span>
          <strong>{line.generic_name}</strong> <span className="quiet">{line.spec}</span>
        </span>
        <span className="numbers">
          × {line.quantity}
          {line.unit}
        </span>
        <Money fen={line.amount_fen} />
      </span>
      <span className="quiet">
        {t('prescription.usage')} {usage.join(' · ')}
      </span>
    </li>
  );
}
