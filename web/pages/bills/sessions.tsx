import { useTranslation } from 'react-i18next';
import { Link } from '@tanstack/react-router';
import type { Bill, BillSession } from '../../api/shapes.ts';
import { isOver, stageOf, type Stage } from '../../live/stage.ts';
import { paths } from '../../paths.ts';
import { Badge } from '../../ui/badge.tsx';
import { clinicMinute } from '../../ui/format.ts';
import { MethodMark } from '../../ui/mark.tsx';
import { toneOf } from '../sessions/stage-says.tsx';

/** Every attempt to collect this bill, the newest first, with the numbers by which a channel knows it. */
export function BillSessions({ bill }: { bill: Bill }) {
  const { t } = useTranslation();
  const newestFirst = [...bill.sessions].sort((a, b) => b.created_at.localeCompare(a.created_at));
  return (
    <section className="paper sheet">
      <h2>{t('bill.sessions')}</h2>
      {newestFirst.length === 0 ? <p className="quiet">{t('bill.noSessions')}</p> : null}
      <ul className="attempts">
        {newestFirst.map((session) => (
          <Attempt key={session.session_id} session={session} />
        ))}
      </ul>
    </section>
  );
}

function Attempt({ session }: { session: BillSession }) {
  const { t } = useTranslation();
  const stage = stageInList(session);
  const over = isOver(stage);
  const where = over ? paths.result(session.session_id) : paths.session(session.session_id);
  return (
    <li className="attempt">
      <MethodMark method={session.payment_method} size={28} />
      <div className="attempt-words">
        <span>
          {t(`method.${session.payment_method}`)}
          {' · '}
          <span className="numbers quiet">{clinicMinute(session.created_at)}</span>
        </span>
        <span className="quiet attempt-numbers">
          {t('bill.outTradeNo')} <span className="numbers-loose">{session.out_trade_no}</span>
        </span>
        {session.channel_trade_no === null ? null : (
          <span className="quiet attempt-numbers">
            {t('bill.tradeNo')} <span className="numbers-loose">{session.channel_trade_no}</span>
          </span>
        )}
      </div>
      <Badge tone={toneOf[stage]}>{t(`stageShort.${stage}`)}</Badge>
      <Link {...where} aria-label={`${t('bill.openSession')} ${session.out_trade_no}`}>
        {t('bill.openSession')}
      </Link>
    </li>
  );
}

/** A list tells less than a status: why a session ended, and what replaced it, stands on its own page. */
function stageInList(session: BillSession): Stage {
  const told = { ...session, code_shown: session.shown, end_reason: null, replaced_by: null };
  return stageOf(told, Number.POSITIVE_INFINITY);
}
