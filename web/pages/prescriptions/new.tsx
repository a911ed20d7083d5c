import { useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { App, Button } from 'antd';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ask, newKey, Problem } from '../../api/client.ts';
import { queries, staffSession } from '../../api/queries.ts';
import { bodyOf, emptyDraft, totalOf, type Draft } from '../../forms/prescription-draft.ts';
import { brokenRules, type BrokenRule } from '../../forms/prescription-rules.ts';
import { paths } from '../../paths.ts';
import { goToTrouble } from '../../ui/field.tsx';
import { Money } from '../../ui/money.tsx';
import { Note } from '../../ui/note.tsx';
import { languageNow } from '../../words/index.ts';
import { ProblemNote } from '../trouble.tsx';
import { DrugsPart } from './drugs-part.tsx';
import './new.css';
import { PatientPart, VisitPart } from './patient-part.tsx';

/** What a part of the form needs: the draft, a way to change it, and the trouble of a field. */
export interface PartProps {
  draft: Draft;
  change: (more: Partial<Draft>) => void;
  trouble: (field: string) => string | undefined;
}

export function NewPrescriptionPage() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { message } = App.useApp();
  const reviews = useQuery(staffSession).data?.review_required ?? false;
  const [draft, setDraft] = useState(() => emptyDraft(t('rx.selfPay')));
  const [key, setKey] = useState(newKey);
  const [tried, setTried] = useState(false);
  const issuing = useMutation({
    mutationFn: () => ask('POST /api/v1/prescriptions', { body: bodyOf(draft) }, { idempotencyKey: key }),
    onSuccess: (issued) => {
      message.success(t('rx.issued', { no: issued.prescription_no }));
      void queries.invalidateQueries({ queryKey: ['prescriptions'] });
      void queries.invalidateQueries({ queryKey: ['bills'] });
      void navigate(
        issued.bill_id === null ? paths.prescriptions({ open: issued.id }) : paths.bill(issued.bill_id),
      );
    },
    onError: (error) => {
      if (!(error instanceof Problem)) return;
      if (error.status !== 0) setKey(newKey());
      if (error.field !== undefined) goToTrouble([plainField(error.field)]);
    },
  });
  const troubles = useTroubles(draft, tried, issuing.error);
  const change = (more: Partial<Draft>): void => {
    setDraft((known) => ({ ...known, ...more }));
    if (issuing.isError) issuing.reset();
  };
  const submit = (): void => {
    setTried(true);
    const broken = brokenRules(draft, today());
    if (broken.length === 0) issuing.mutate();
    else goToTrouble(broken.map(({ field }) => field));
  };
  const part: PartProps = { draft, change, trouble: (field) => troubles.get(field) };
  const misplaced =
    issuing.error !== null &&
    !(issuing.error instanceof Problem && troubles.has(plainField(issuing.error.field ?? '')));

  return (
    <form
      className="page rx"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <div className="page-head">
        <h1>{t('rx.title')}</h1>
      </div>
      <PatientPart {...part} />
      <VisitPart {...part} />
      <DrugsPart {...part} />
      {issuing.error === null ? null : misplaced ? (
        <ProblemNote error={issuing.error} />
      ) : (
        <Note tone="bad" alert title={t('rx.serverSays')}>
          {t('rx.seeFields')}
        </Note>
      )}
      <div className="rx-foot paper">
        <p className="rx-sum" aria-live="polite">
          <span className="quiet">{t('rx.total')}</span> <Money fen={totalOf(draft)} size="large" />
          <span className="quiet numbers">{t('rx.count', { count: draft.lines.length })}</span>
        </p>
        <span className="quiet rx-hint">{reviews ? t('rx.submitHintReview') : t('rx.submitHintBill')}</span>
        <Button type="primary" size="large" htmlType="submit" loading={issuing.isPending}>
          {t('rx.submit')}
        </Button>
      </div>
    </form>
  );
}

/** Field by field what is wrong; that something is missing is said only after the first try to send. */
function useTroubles(draft: Draft, tried: boolean, error: Error | null): Map<string, string> {
  const { t } = useTranslation();
  return useMemo(() => {
    const told = new Map<string, string>();
    for (const { field, rule, facts } of brokenRules(draft, today())) {
      if ((isEmptiness(rule) && !tried) || told.has(field)) continue;
      told.set(field, t(`rules.${rule}`, facts ?? {}));
    }
    if (error instanceof Problem && error.field !== undefined) {
      told.set(plainField(error.field), ruleWords(error));
    }
    return told;
  }, [draft, tried, error, t]);
}

function isEmptiness(rule: BrokenRule['rule']): boolean {
  return rule === 'required' || rule === 'no_drugs';
}

/** The service writes a rule in both languages, `中文 / English`; the shape of a field in one. */
function ruleWords(problem: Problem): string {
  const [zh, en] = (problem.rule ?? '').split(' / ');
  const words = languageNow() === 'en' ? (en ?? zh) : zh;
  return words === undefined || words === '' ? problem.zh : words;
}

/** `/lines/0/quantity`, `lines[0].quantity` and `lines.0.quantity` are one field; both prices share one. */
function plainField(field: string): string {
  return field
    .replace(/^\//, '')
    .replace(/[[\]/]+/g, '.')
    .replace(/\.\./g, '.')
    .replace(/unit_price_fen$/, 'unit_price');
}

/** Today in clinic time, `yyyy-MM-dd`; only to spare a round trip, the service has its own calendar. */
function today(): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Shanghai' }).format(new Date());
}
