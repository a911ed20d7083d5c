import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { billById, paymentMethods } from '../../api/queries.ts';
import type { MethodChoice } from '../../api/shapes.ts';
import { paths } from '../../paths.ts';
import { maskedName } from '../../ui/format.ts';
import { LinkButton } from '../../ui/link-button.tsx';
import { MethodMark } from '../../ui/mark.tsx';
import { Money } from '../../ui/money.tsx';
import { Note } from '../../ui/note.tsx';
import { useKeys } from '../../ui/use-keys.ts';
import { languageNow } from '../../words/index.ts';
import { useOpenCode } from '../sessions/open-code.ts';
import { ActionTrouble } from '../sessions/unfinished.tsx';
import { ProblemNote, Waiting } from '../trouble.tsx';
import './pay.css';

/** One question: which app does the patient pay with? */
export function PayPage() {
  const { t } = useTranslation();
  const id = Number(useParams({ from: '/desk/bills/$id/pay' }).id);
  const { data: bill, error } = useQuery(billById(id));
  const methods = useQuery(paymentMethods);
  const opening = useOpenCode(id);
  const choices = methods.data?.methods ?? [];
  const choose = (choice: MethodChoice | undefined): void => {
    if (choice?.enabled === true && !opening.isPending) opening.mutate({ payment_method: choice.method });
  };
  useKeys({ '1': () => choose(choices[0]), '2': () => choose(choices[1]) });

  if (bill === undefined)
    return error === null ? (
      <Waiting />
    ) : (
      <div className="page">
        <ProblemNote error={error} />
      </div>
    );
  const back = <LinkButton to={paths.bill(id)}>{t('result.seeBill')}</LinkButton>;
  return (
    <div className="page pay">
      <section className="paper pay-card">
        <div className="pay-head">
          <h1>{t('pay.title')}</h1>
          <p className="quiet">
            {maskedName(bill.patient_name)} · <span className="numbers">{bill.bill_no}</span>
          </p>
        </div>
        <Money fen={bill.payable_fen} size="huge" />
        {bill.status === 'unpaid' ? (
          <>
            <ActionTrouble
              error={opening.error}
              onRetry={() => opening.variables !== undefined && opening.mutate(opening.variables)}
              onInsist={() =>
                opening.variables !== undefined && opening.mutate({ ...opening.variables, insist: true })
              }
            />
            {methods.error === null ? null : <ProblemNote error={methods.error} />}
            <p>{t('pay.hint')}</p>
            <div className="method-choices">
              {choices.map((choice, at) => (
                <MethodButton
                  key={choice.method}
                  choice={choice}
                  shortcut={String(at + 1)}
                  opening={opening.isPending && opening.variables.payment_method === choice.method}
                  busy={opening.isPending}
                  onChoose={() => choose(choice)}
                />
              ))}
            </div>
            {methods.data !== undefined && !choices.some(({ enabled }) => enabled) ? (
              <Note tone="warn" title={t('pay.noneOn')}>
                {t('pay.noneOnHint')}
              </Note>
            ) : null}
            <p className="unseen" role="status">
              {opening.isPending ? t('pay.opening') : ''}
            </p>
          </>
        ) : (
          <Note tone="calm" title={t('pay.notUnpaid')} actions={back}>
            {t(`bills.${bill.status}`)}
          </Note>
        )}
        {bill.status === 'unpaid' ? back : null}
      </section>
    </div>
  );
}

function MethodButton({
  choice,
  shortcut,
  opening,
  busy,
  onChoose,
}: {
  choice: MethodChoice;
  shortcut: string;
  opening: boolean;
  busy: boolean;
  onChoose: () => void;
}) {
  const { t } = useTranslation();
  const reason = languageNow() === 'en' ? choice.reason_en : choice.reason_zh;
  const whyId = `why-not-${choice.method}`;
  return (
    <button
      type="button"
      className={`method-choice method-choice-${choice.method}`}
      aria-disabled={!choice.enabled || busy}
      aria-describedby={choice.enabled ? undefined : whyId}
      onClick={onChoose}
    >
      <MethodMark method={choice.method} size={56} />
      <strong>{t(`method.${choice.method}`)}</strong>
      {choice.enabled ? (
        <span className="quiet method-hint">
          {opening ? (
            t('pay.opening')
          ) : (
            <>
              {t('pay.choose', { method: t(`method.${choice.method}`) })} <kbd>{shortcut}</kbd>
            </>
          )}
        </span>
      ) : (
        <span id={whyId} className="method-why">
          {t('pay.off')}
          {reason === null ? '' : `：${reason}`}
        </span>
      )}
    </button>
  );
}
