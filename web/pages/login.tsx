import { useMutation } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Button } from 'antd';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { ask, Problem } from '../api/client.ts';
import { queries, staffSession } from '../api/queries.ts';
import { paths } from '../paths.ts';
import { Mark } from '../ui/mark.tsx';
import { Note } from '../ui/note.tsx';
import { chooseLanguage, languageNow } from '../words/index.ts';
import './login.css';
import { ProblemNote } from './trouble.tsx';

const COMMAND = 'npm run zhenfu -- login-link';

/**
 * The token comes in the fragment, which no server and no log ever sees, and leaves the address bar
 * before it is sent: what stays in the history signs nobody in.
 */
function takeToken(): string | undefined {
  const token = new URLSearchParams(location.hash.slice(1)).get('token') ?? undefined;
  if (location.hash !== '') history.replaceState(history.state, '', location.pathname);
  return token;
}

export function LoginPage() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const signIn = useMutation({
    mutationFn: (token: string) => ask('POST /api/v1/staff-session', { body: { token } }),
    onSuccess: (staff) => {
      queries.clear();
      queries.setQueryData(staffSession.queryKey, staff);
      void navigate({ ...paths.bills({ status: 'unpaid' }), replace: true });
    },
  });
  const { mutate } = signIn;
  useEffect(() => {
    const enter = (): void => {
      const token = takeToken();
      if (token !== undefined) mutate(token);
    };
    enter();
    // A second link may be pasted into the same page: only the fragment changes then.
    addEventListener('hashchange', enter);
    return () => removeEventListener('hashchange', enter);
  }, [mutate]);

  return (
    <main className="login">
      <div className="login-card paper">
        <Mark size={64} />
        <h1>{t('login.title')}</h1>
        <LoginState
          state={signIn.status}
          error={signIn.error}
          onRetry={() => {
            if (signIn.variables !== undefined) mutate(signIn.variables);
          }}
        />
        <Button
          type="link"
          lang={languageNow() === 'zh' ? 'en' : 'zh-CN'}
          onClick={() => void chooseLanguage(languageNow() === 'zh' ? 'en' : 'zh')}
        >
          {t('app.language')}
        </Button>
      </div>
    </main>
  );
}

function LoginState({
  state,
  error,
  onRetry,
}: {
  state: 'idle' | 'pending' | 'success' | 'error';
  error: Error | null;
  onRetry: () => void;
}) {
  const { t } = useTranslation();
  if (state === 'pending') return <p role="status">{t('login.working')}</p>;
  if (state === 'success') return <p role="status">{t('login.done')}</p>;
  if (state === 'idle') {
    return (
      <>
        <p>{t('login.withoutToken')}</p>
        <AnotherLink />
      </>
    );
  }
  if (error instanceof Problem && error.status === 401) {
    return (
      <>
        <Note tone="warn" alert title={t('login.invalidTitle')}>
          {t('login.invalid')}
        </Note>
        <AnotherLink />
      </>
    );
  }
  return <ProblemNote error={error} actions={<Button onClick={onRetry}>{t('app.retry')}</Button>} />;
}

function AnotherLink() {
  const { t } = useTranslation();
  return (
    <div className="login-command">
      <p className="quiet">{t('login.another')}</p>
      <code>{COMMAND}</code>
    </div>
  );
}
