import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { Problem } from '../../api/client.ts';
import { Note } from '../../ui/note.tsx';
import { ProblemNote } from '../trouble.tsx';

/**
 * What stands when an action did not go through. `retire_unfinished` is explained and may be insisted
 * on; every other trouble is said in its own words.
 */
export function ActionTrouble({
  error,
  onRetry,
  onInsist,
}: {
  error: Error | null;
  onRetry: () => void;
  onInsist: () => void;
}) {
  const { t } = useTranslation();
  if (error === null) return null;
  if (!(error instanceof Problem) || error.code !== 'retire_unfinished') return <ProblemNote error={error} />;
  return (
    <Note
      tone="warn"
      alert
      title={t('session.unfinishedTitle')}
      actions={
        <>
          <Button type="primary" onClick={onRetry}>
            {t('session.unfinishedRetry')}
          </Button>
          <Button onClick={onInsist}>{t('session.unfinishedInsist')}</Button>
        </>
      }
    >
      {t('session.unfinished')} {t('session.unfinishedRisk')}
    </Note>
  );
}
