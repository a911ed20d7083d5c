import { Link } from '@tanstack/react-router';
import { Button } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Bill } from '../../api/shapes.ts';
import { addresses, paths } from '../../paths.ts';
import { maskedName } from '../../ui/format.ts';
import { Money } from '../../ui/money.tsx';

/** Who and what for: one click away, because the patient's neighbour looks at this screen too. */
export function BillGlance({ bill, sessionId }: { bill: Bill; sessionId: string }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const [named, setNamed] = useState(false);
  return (
    <section className="paper glance">
      <button type="button" className="glance-toggle" aria-expanded={open} onClick={() => setOpen(!open)}>
        <span>{t('session.details')}</span>
        <span className="quiet">{open ? t('session.hideDetails') : t('session.showDetails')}</span>
      </button>
      {open ? (
        <div className="glance-body">
          <dl className="facts">
            <dt>{t('bill.patient')}</dt>
            <dd>
              {named ? bill.patient_name : maskedName(bill.patient_name)}
              {named ? null : (
                <Button type="link" size="small" onClick={() => setNamed(true)}>
                  {t('session.reveal')}
                </Button>
              )}
            </dd>
            <dt>{t('bills.columns.billNo')}</dt>
            <dd>
              <Link className="numbers" {...paths.bill(bill.id)}>
                {bill.bill_no}
              </Link>
            </dd>
            {bill.lines.map((line) => (
              <div key={line.line_no} className="glance-line">
                <dt>
                  {line.name} × {line.quantity}
                  {line.unit}
                </dt>
                <dd>
                  <Money fen={line.amount_fen} />
                </dd>
              </div>
            ))}
          </dl>
          <a href={addresses.patientPage(sessionId)} target="_blank" rel="noreferrer">
            {t('session.patientPage')}
          </a>
        </div>
      ) : null}
    </section>
  );
}
