import { useMutation, useQuery } from '@tanstack/react-query';
import { App, Button, Drawer } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ask } from '../../api/client.ts';
import { prescriptionById, queries } from '../../api/queries.ts';
import type { Prescription } from '../../api/shapes.ts';
import { ReasonDialog } from '../../forms/reason-dialog.tsx';
import { paths } from '../../paths.ts';
import { LinkButton } from '../../ui/link-button.tsx';
import { ActionTrouble } from '../sessions/unfinished.tsx';
import { ProblemNote } from '../trouble.tsx';
import { Paper } from './paper.tsx';

/** One prescription beside the list, as the paper it would be, with what can be done to it. */
export function PrescriptionSheet({ id, onClose }: { id: number | undefined; onClose: () => void }) {
  const { t } = useTranslation();
  const { data, error } = useQuery({ ...prescriptionById(id ?? 0), enabled: id !== undefined });
  return (
    <Drawer
      open={id !== undefined}
      onClose={onClose}
      size="min(640px, 100vw)"
      title={data?.prescription_no ?? t('prescription.paper')}
    >
      {error === null ? null : <ProblemNote error={error} />}
      {data === undefined ? null : (
        <>
          <Paper prescription={data} />
          <SheetActions prescription={data} onClose={onClose} />
        </>
      )}
    </Drawer>
  );
}

function SheetActions({ prescription, onClose }: { prescription: Prescription; onClose: () => void }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const [asking, setAsking] = useState<'return' | 'void'>();
  const afterwards = async (): Promise<void> => {
    await queries.invalidateQueries({ queryKey: ['prescription', prescription.id] });
    await queries.invalidateQueries({ queryKey: ['prescriptions'] });
    await queries.invalidateQueries({ queryKey: ['bills'] });
  };
  const reviewing = useMutation({
    mutationFn: (body: { decision: 'approve' | 'return'; note?: string }) =>
      ask('POST /api/v1/prescriptions/{prescription_id}/review', {
        path: { prescription_id: prescription.id },
        body,
      }),
    onSuccess: (_, { decision }) =>
      message.success(t(decision === 'approve' ? 'prescription.approved' : 'prescription.returned')),
    onSettled: afterwards,
  });
  const voiding = useMutation({
    mutationFn: (body: { reason: string; insist?: boolean }) =>
      ask('POST /api/v1/prescriptions/{prescription_id}/void', {
        path: { prescription_id: prescription.id },
        body,
      }),
    onSuccess: () => message.success(t('prescription.voidDone')),
    onSettled: afterwards,
  });
  const reviewable = prescription.state === 'issued' && prescription.review_required;
  const voidable = prescription.state !== 'void' && prescription.bill_status !== 'paid';
  return (
    <div className="sheet-actions">
      {reviewing.error === null ? null : <ProblemNote error={reviewing.error} />}
      <ActionTrouble
        error={voiding.error}
        onRetry={() => voiding.variables !== undefined && voiding.mutate(voiding.variables)}
        onInsist={() =>
          voiding.variables !== undefined && voiding.mutate({ ...voiding.variables, insist: true })
        }
      />
      <div className="row">
        {reviewable ? (
          <>
            <Button
              type="primary"
              size="large"
              loading={reviewing.isPending}
              onClick={() => reviewing.mutate({ decision: 'approve' })}
            >
              {t('prescription.approve')}
            </Button>
            <Button size="large" disabled={reviewing.isPending} onClick={() => setAsking('return')}>
              {t('prescription.return')}
            </Button>
          </>
        ) : null}
        {prescription.bill_id !== null && prescription.bill_status === 'unpaid' ? (
          <LinkButton type="primary" to={paths.pay(prescription.bill_id)}>
            {t('prescription.collect')}
          </LinkButton>
        ) : null}
        {prescription.bill_id === null ? null : (
          <LinkButton to={paths.bill(prescription.bill_id)}>{t('result.seeBill')}</LinkButton>
        )}
        {voidable ? (
          <Button
            danger
            type="text"
            size="large"
            loading={voiding.isPending}
            onClick={() => setAsking('void')}
          >
            {t('prescription.void')}
          </Button>
        ) : null}
        <Button size="large" className="sheet-close" onClick={onClose}>
          {t('app.close')}
        </Button>
      </div>
      <ReasonDialog
        open={asking === 'return'}
        title={t('prescription.returnTitle')}
        hint={t('prescription.return')}
        label={t('prescription.returnNote')}
        needed={t('prescription.returnNoteNeeded')}
        confirm={t('prescription.returnConfirm')}
        onClose={() => setAsking(undefined)}
        onReason={(note) => {
          setAsking(undefined);
          reviewing.mutate({ decision: 'return', note });
        }}
      />
      <ReasonDialog
        open={asking === 'void'}
        title={t('prescription.voidTitle')}
        hint={t('prescription.voidHint')}
        label={t('prescription.voidReason')}
        needed={t('prescription.voidReasonNeeded')}
        confirm={t('prescription.voidConfirm')}
        onClose={() => setAsking(undefined)}
        onReason={(reason) => {
          setAsking(undefined);
          voiding.mutate({ reason });
        }}
      />
    </div>
  );
}
