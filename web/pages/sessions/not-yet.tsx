import { Problem } from '../../api/client.ts';
import { paths } from '../../paths.ts';
import { LinkButton } from '../../ui/link-button.tsx';
import { useTranslation } from 'react-i18next';
import { ProblemNote, Waiting } from '../trouble.tsx';

/** Before the first word about a session: waiting, or why there is none. The page goes on asking. */
export function NotYet({ error }: { error: unknown }) {
  const { t } = useTranslation();
  if (error === undefined) return <Waiting />;
  const gone = error instanceof Problem && error.status === 404;
  return (
    <div className="page stack">
      <h1>{t('result.title')}</h1>
      <ProblemNote error={error} />
      {gone ? null : <Waiting />}
      <div className="row">
        <LinkButton to={paths.bills({ status: 'unpaid' })}>{t('app.toBills')}</LinkButton>
      </div>
    </div>
  );
}
