import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { billById } from '../../api/queries.ts';
import type { SessionStatus } from '../../api/shapes.ts';
import { isOver, showsCode, type Stage } from '../../live/stage.ts';
import { addresses, paths } from '../../paths.ts';
import { CodeExpired, CodeImage, CodeWaiting } from '../../ui/code-frame.tsx';
import { minutesSeconds } from '../../ui/format.ts';
import { MethodMark } from '../../ui/mark.tsx';
import { Money } from '../../ui/money.tsx';
import { Note } from '../../ui/note.tsx';
import { Ring } from '../../ui/ring.tsx';
import { SessionActions } from './actions.tsx';
import { BillGlance } from './bill-glance.tsx';
import { useOpenCode } from './open-code.ts';
import './session.css';
import { NotYet } from './not-yet.tsx';
import { StageSays } from './stage-says.tsx';
import { useSession } from './use-session.ts';

/** From here on the countdown warns: the last quarter, as people know it from other checkouts. */
const SOON_SHARE = 0.25;

/** The page that the patient is shown: amount, code, time, and what is known. */
export function SessionPage() {
  const { sessionId } = useParams({ from: '/desk/sessions/$sessionId' });
  const live = useSession(sessionId);
  const { status, stage, remainingMs } = live;
  const navigate = useNavigate();
  const opening = useOpenCode(status?.bill_id);
  const bill = useQuery({ ...billById(status?.bill_id ?? 0), enabled: status !== undefined });
  const { t } = useTranslation();

  const leaves = stage !== undefined && isOver(stage) && stage !== 'expired' && !opening.isPending;
  useEffect(() => {
    if (leaves) void navigate({ ...paths.result(sessionId), replace: true });
  }, [leaves, navigate, sessionId]);

  if (status === undefined || stage === undefined) return <NotYet error={live.error} />;
  const born = bill.data?.sessions.find((session) => session.session_id === sessionId)?.created_at;
  const refresh = (): void => opening.mutate({ payment_method: status.payment_method, refresh: true });
  return (
    <div className="page session">
      {live.reached ? null : <Note tone="warn" alert title={t('session.offline')} />}
      <div className="session-columns">
        <section className={`paper code-card code-card-${status.payment_method}`}>
          <header className="code-head">
            <MethodMark method={status.payment_method} size={36} />
            <h1>{t('session.title', { method: t(`method.${status.payment_method}`) })}</h1>
          </header>
          <p className="code-amount">
            <Money fen={status.amount_fen} size="huge" />
          </p>
          <CodePlace status={status} stage={stage} busy={opening.isPending} onRefresh={refresh} />
          {showsCode(stage) ? <ScanWords status={status} remainingMs={remainingMs} born={born} /> : null}
        </section>
        <div className="session-side">
          <StageSays stage={stage} />
          <SessionActions
            status={status}
            stage={stage}
            opening={opening}
            onStatus={live.take}
            onRefresh={refresh}
          />
          {bill.data === undefined ? null : <BillGlance bill={bill.data} sessionId={sessionId} />}
        </div>
      </div>
    </div>
  );
}

function CodePlace({
  status,
  stage,
  busy,
  onRefresh,
}: {
  status: SessionStatus;
  stage: Stage;
  busy: boolean;
  onRefresh: () => void;
}) {
  const { t } = useTranslation();
  const method = t(`method.${status.payment_method}`);
  if (busy && stage !== 'expired') return <CodeWaiting>{t('session.working')}</CodeWaiting>;
  if (showsCode(stage)) {
    return (
      <CodeImage
        src={addresses.qrCode(status.session_id)}
        alt={t('session.codeAlt', { method, amount: status.amount })}
        scanned={stage === 'scanned' ? t('stage.scanned.word') : undefined}
        broken={t('session.codeBroken')}
        reload={t('session.reload')}
      />
    );
  }
  if (stage === 'expired') {
    return (
      <CodeExpired
        word={t('session.expired')}
        action={busy ? t('pay.opening') : t('session.clickRefresh')}
        busy={busy}
        onRefresh={onRefresh}
      />
    );
  }
  return <CodeWaiting>{t(`stage.${stage}.word`)}</CodeWaiting>;
}

function ScanWords({
  status,
  remainingMs,
  born,
}: {
  status: SessionStatus;
  remainingMs: number;
  born: string | undefined;
}) {
  const { t } = useTranslation();
  const time = minutesSeconds(remainingMs);
  const wholeMs = born === undefined ? remainingMs : Date.parse(status.expires_at) - Date.parse(born);
  const share = wholeMs > 0 ? Math.min(1, remainingMs / wholeMs) : 0;
  const soon = share <= SOON_SHARE;
  return (
    <div className="code-foot">
      <Ring share={share} soon={soon} text={time} label={t('session.remaining', { time })} />
      <p>
        <strong>{t('session.scan', { app: t(`method.${status.payment_method}App`) })}</strong>
        <span className={soon ? 'soon' : 'quiet'}>
          {soon ? t('session.soon') : t('session.remainingShort')}
        </span>
      </p>
    </div>
  );
}
