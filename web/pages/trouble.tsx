import { Button } from 'antd';
import { Link, type ErrorComponentProps } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Problem } from '../api/client.ts';
import { paths } from '../paths.ts';
import { Quiet } from '../ui/empty.tsx';
import { Note } from '../ui/note.tsx';
import { languageNow } from '../words/index.ts';
import type { ReactNode } from 'react';

/** The words for people of whatever went wrong, in the language in force. */
export function useTroubleWords(): (error: unknown) => string {
  const { t } = useTranslation();
  return (error) => {
    if (!(error instanceof Problem)) return t('problem.unknown');
    if (error.code === 'network_down') return t('problem.network_down');
    return languageNow() === 'en' ? error.en : error.zh;
  };
}

/** A problem in the flow of a page, with its code small beneath: what a caller reads to the support. */
export function ProblemNote({ error, actions }: { error: unknown; actions?: ReactNode }) {
  const { t } = useTranslation();
  const words = useTroubleWords();
  return (
    <Note tone="bad" alert title={words(error)} actions={actions}>
      {error instanceof Problem ? (
        <span className="quiet">{t('problem.detail', { code: error.code })}</span>
      ) : undefined}
    </Note>
  );
}

export function Broken({ error, reset }: ErrorComponentProps) {
  const { t } = useTranslation();
  return (
    <main className="page narrow">
      <h1>{t('app.broken')}</h1>
      <ProblemNote error={error} actions={<Button onClick={reset}>{t('app.retry')}</Button>} />
    </main>
  );
}

export function NotFound() {
  const { t } = useTranslation();
  return (
    <main className="page">
      <h1 className="unseen">{t('app.notFound')}</h1>
      <Quiet title={t('app.notFound')} action={<Link {...paths.bills()}>{t('app.toBills')}</Link>}>
        {t('app.notFoundHint')}
      </Quiet>
    </main>
  );
}

export function Waiting() {
  const { t } = useTranslation();
  return (
    <p className="page quiet" role="status">
      {t('app.loading')}
    </p>
  );
}
