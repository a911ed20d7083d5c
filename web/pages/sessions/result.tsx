import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { Button } from 'antd';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { billById, nextUnpaidBill } from '../../api/queries.ts';
import type { Bill, SessionStatus } from '../../api/shapes.ts';
import { showsCode, type Stage } from '../../live/stage.ts';
import { paths } from '../../paths.ts';
import { clinicTime, maskedName } from '../../ui/format.ts';
import { LinkButton } from '../../ui/link-button.tsx';
import { MethodMark } from '../../ui/mark.tsx';
import { Money } from '../../ui/money.tsx';
import { Note } from '../../ui/note.tsx';
import { StageSign } from '../../ui/stage-sign.tsx';
import { NotYet } from './not-yet.tsx';
import './session.css';
import { toneOf } from './stage-says.tsx';
import { useSession } from './use-session.ts';

const STAY_SECONDS = 5;
/** A payment older than this was looked up, not just taken: the page stays. */
const FRESH_MS = 30_000;

/** How a collection ended, or that it is still being found out. It goes on listening: money can come late. */
export function ResultPage() {
  const { t } = useTranslation();
  const { sessionId } = useParams({ from: '/desk/sessions/$sessionId/result' });
  const { status, stage, reached, error } = useSession(sessionId);
  const bill = useQuery({ ...billById(status?.bill_id ?? 0), enabled: status !== undefined });
  const { refetch } = bill;
  useEffect(() => {
    if (stage !== undefined) void refetch();
  }, [stage, refetch]);
  if (status === undefined || stage === undefined) return <NotYet error={error} />;
  const busy = stage === 'creating' || stage === 'silent' || stage === 'confirming';
  return (
    <div className="page result">
      {reached ? null : <Note tone="warn" alert title={t('session.offline')} />}
      <section className="paper result-card" aria-live="polite">
        <StageSign tone={toneOf[stage]} busy={busy} size={88} />
        <div className="result-words">
          <h1>{t(`stage.${stage}.word`)}</h1>
          <p className="quiet">{t(`stage.${stage}.hint`)}</p>
        </div>
        <Money fen={status.amount_fen} size="huge" />
        <ResultFacts status={status} bill={bill.data} />
        <ResultActions status={status} stage={stage} bill={bill.data} />
        {stage === 'paid' && isFresh(status) ? <BackSoon /> : null}
      </section>
    </div>
  );
}

function isFresh({ paid_at, server_time }: SessionStatus): boolean {
  return paid_at !== null && Date.parse(server_time) - Date.parse(paid_at) < FRESH_MS;
}

function ResultFacts({ status, bill }: { status: SessionStatus; bill: Bill | undefined }) {
  const { t } = useTranslation();
  const session = bill?.sessions.find(({ session_id }) => session_id === status.session_id);
  const tradeNo = session?.channel_trade_no ?? null;
  return (
    <dl className="facts">
      <dt>{t('result.method')}</dt>
      <dd>
        <span className="method-word">
          <MethodMark method={status.payment_method} size={22} />
          {t(`method.${status.payment_method}`)}
        </span>
      </dd>
      {status.paid_at === null ? null : (
        <>
          <dt>{t('result.time')}</dt>
          <dd className="numbers">{clinicTime(status.paid_at)}</dd>
        </>
      )}
      {tradeNo === null ? null : (
        <>
          <dt>{t('result.tradeNo')}</dt>
          <dd className="numbers-loose">{tradeNo}</dd>
        </>
      )}
      {bill === undefined ? null : (
        <>
          <dt>{t('result.bill')}</dt>
          <dd>
            <Link className="numbers" {...paths.bill(bill.id)}>
              {bill.bill_no}
            </Link>
          </dd>
          <dt>{t('result.patient')}</dt>
          <dd>{maskedName(bill.patient_name)}</dd>
        </>
      )}
    </dl>
  );
}

function ResultActions({
  status,
  stage,
  bill,
}: {
  status: SessionStatus;
  stage: Stage;
  bill: Bill | undefined;
}) {
  const { t } = useTranslation();
  const stillOpen = stage === 'creating' || showsCode(stage);
  const settled = bill !== undefined && bill.status !== 'unpaid';
  return (
    <div className="row result-actions">
      {stillOpen ? (
        <LinkButton type="primary" to={paths.session(status.session_id)}>
          {t('result.seeCode')}
        </LinkButton>
      ) : null}
      {stage === 'replaced' && status.replaced_by !== null ? (
        <LinkButton type="primary" to={paths.session(status.replaced_by)}>
          {t('result.seeNew')}
        </LinkButton>
      ) : null}
      {['expired', 'cancelled', 'declined'].includes(stage) && bill?.status === 'unpaid' ? (
        <LinkButton type="primary" to={paths.pay(status.bill_id)}>
          {t('result.collectAgain')}
        </LinkButton>
      ) : null}
      {settled ? <NextBill billId={status.bill_id} /> : null}
      <LinkButton to={paths.bill(status.bill_id)}>{t('result.seeBill')}</LinkButton>
      <LinkButton to={paths.bills({ status: 'unpaid' })}>{t('app.toBills')}</LinkButton>
    </div>
  );
}

function NextBill({ billId }: { billId: number }) {
  const { t } = useTranslation();
  const next = useQuery(nextUnpaidBill(billId)).data;
  if (next === undefined) return null;
  if (next === null) return <span className="quiet">{t('result.nextNone')}</span>;
  return (
    <LinkButton type="primary" to={paths.pay(next.id)}>
      {t('result.next')}
      {' · '}
      {maskedName(next.patient_name)} <Money fen={next.payable_fen} />
    </LinkButton>
  );
}

/** After a payment the desk goes back to its list by itself; any key or touch keeps the page. */
function BackSoon() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [seconds, setSeconds] = useState(STAY_SECONDS);
  const [stays, setStays] = useState(false);
  useEffect(() => {
    if (stays) return undefined;
    const stop = (): void => setStays(true);
    const timer = setInterval(() => setSeconds((left) => left - 1), 1_000);
    addEventListener('keydown', stop);
    addEventListener('pointerdown', stop);
    return () => {
      clearInterval(timer);
      removeEventListener('keydown', stop);
      removeEventListener('pointerdown', stop);
    };
  }, [stays]);
  useEffect(() => {
    if (seconds <= 0 && !stays) void navigate(paths.bills({ status: 'unpaid' }));
  }, [seconds, stays, navigate]);
  return (
    <p className="quiet numbers back-soon">
      {stays ? t('result.stopped') : t('result.auto', { seconds: Math.max(0, seconds) })}
      {stays ? null : (
        <Button type="link" onClick={() => setStays(true)}>
          {t('app.cancel')}
        </Button>
      )}
    </p>
  );
}
