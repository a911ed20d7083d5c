import { useMutation, useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { App, Button } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ask } from '../../api/client.ts';
import { billById, queries } from '../../api/queries.ts';
import type { Bill } from '../../api/shapes.ts';
import { ReasonDialog } from '../../forms/reason-dialog.tsx';
import { paths } from '../../paths.ts';
import { clinicMinute, clinicTime, groupedYuan } from '../../ui/format.ts';
import { LinkButton } from '../../ui/link-button.tsx';
import { MethodMark } from '../../ui/mark.tsx';
import { Money } from '../../ui/money.tsx';
import { Note } from '../../ui/note.tsx';
import { useKeys } from '../../ui/use-keys.ts';
import { ActionTrouble } from '../sessions/unfinished.tsx';
import { ProblemNote, Waiting } from '../trouble.tsx';
import { BillBadges } from './badges.tsx';
import { BillLines } from './lines.tsx';
import { BillSessions } from './sessions.tsx';
import './bills.css';

export function BillPage() {
  const id = Number(useParams({ from: '/desk/bills/$id' }).id);
  const { t } = useTranslation();
  const { data: bill, error } = useQuery({ ...billById(id), refetchInterval: 5_000 });
  if (error !== null && bill === undefined) {
    return (
      <div className="page stack">
        <h1>{t('bills.title')}</h1>
        <ProblemNote error={error} />
      </div>
    );
  }
  if (bill === undefined) return <Waiting />;
  return <BillSheet bill={bill} />;
}

function BillSheet({ bill }: { bill: Bill }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const unpaid = bill.status === 'unpaid';
  useKeys({ F2: () => unpaid && void navigate(paths.pay(bill.id)) });
  return (
    <div className="page stack">
      <div className="page-head bill-head">
        <h1>
          {t('bill.title', { no: '' })}
          <span className="numbers">{bill.bill_no}</span>
        </h1>
        <BillBadges bill={bill} />
      </div>
      <BillNotes bill={bill} />
      <div className="bill-columns">
        <div className="stack">
          <BillLines bill={bill} />
          <BillSessions bill={bill} />
        </div>
        <aside className="stack">
          <section className="paper due">
            <span className="quiet">{t('bill.payable')}</span>
            <Money fen={bill.payable_fen} size="huge" />
            {unpaid ? (
              <LinkButton type="primary" to={paths.pay(bill.id)}>
                {t('bills.collect')} <kbd>F2</kbd>
              </LinkButton>
            ) : null}
            {bill.payment_method === null ? null : (
              <span className="method-word">
                <MethodMark method={bill.payment_method} size={22} />
                {t(`method.${bill.payment_method}`)}
                {bill.paid_at === null ? null : (
                  <span className="quiet numbers">{clinicTime(bill.paid_at)}</span>
                )}
              </span>
            )}
          </section>
          <BillFacts bill={bill} />
          {unpaid ? <VoidBill bill={bill} /> : null}
        </aside>
      </div>
    </div>
  );
}

function BillNotes({ bill }: { bill: Bill }) {
  const { t } = useTranslation();
  return (
    <>
      {bill.surplus_fen > 0 ? (
        <Note tone="warn" title={t('bill.surplusHint', { amount: `¥${groupedYuan(bill.surplus_fen)}` })} />
      ) : null}
      {bill.late ? <Note tone="blue" title={t('bill.late')} /> : null}
      {bill.void_reason === null ? null : (
        <Note tone="calm" title={t('bill.voided', { reason: bill.void_reason })} />
      )}
    </>
  );
}

function BillFacts({ bill }: { bill: Bill }) {
  const { t } = useTranslation();
  const facts: [string, string][] = [
    [t('bill.patient'), bill.patient_name],
    [t('bill.patientNo'), bill.patient_no],
    [t('bill.department'), bill.department],
    [t('bill.doctor'), bill.doctor],
    [t('bill.externalNo'), bill.external_bill_no ?? ''],
    [t('bill.createdAt'), clinicMinute(bill.created_at)],
    [t('bill.validUntil'), bill.valid_until === null ? '' : clinicMinute(bill.valid_until)],
  ];
  return (
    <section className="paper sheet">
      <dl className="facts">
        {facts
          .filter(([, value]) => value !== '')
          .map(([name, value]) => (
            <div key={name} className="fact">
              <dt>{name}</dt>
              <dd className="numbers-loose">{value}</dd>
            </div>
          ))}
        {bill.prescription_id === null ? null : (
          <div className="fact">
            <dt>{t('bill.prescription')}</dt>
            <dd>
              <Link {...paths.prescriptions({ open: bill.prescription_id })}>
                {t('bill.openPrescription')}
              </Link>
            </dd>
          </div>
        )}
      </dl>
    </section>
  );
}

function VoidBill({ bill }: { bill: Bill }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const [open, setOpen] = useState(false);
  const voiding = useMutation({
    mutationFn: (body: { reason: string; insist?: boolean }) =>
      ask('POST /api/v1/finance/bills/{bill_id}/void', { path: { bill_id: bill.id }, body }),
    onSuccess: () => message.success(t('bill.voidDone')),
    onSettled: async () => {
      await queries.invalidateQueries({ queryKey: ['bill', bill.id] });
      await queries.invalidateQueries({ queryKey: ['bills'] });
    },
  });
  return (
    <>
      <ActionTrouble
        error={voiding.error}
        onRetry={() => voiding.variables !== undefined && voiding.mutate(voiding.variables)}
        onInsist={() =>
          voiding.variables !== undefined && voiding.mutate({ ...voiding.variables, insist: true })
        }
      />
      <Button danger type="text" loading={voiding.isPending} onClick={() => setOpen(true)}>
        {t('bill.voidAction')}
      </Button>
      <ReasonDialog
        open={open}
        title={t('bill.voidTitle')}
        hint={t('bill.voidHint')}
        label={t('bill.voidReason')}
        needed={t('bill.voidReasonNeeded')}
        confirm={t('bill.voidConfirm')}
        onClose={() => setOpen(false)}
        onReason={(reason) => {
          setOpen(false);
          voiding.mutate({ reason });
        }}
      />
    </>
  );
}
