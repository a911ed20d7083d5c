import { CloseOutlined, ReloadOutlined, SearchOutlined, SwapOutlined } from '@ant-design/icons';
import { useMutation, useQuery } from '@tanstack/react-query';
import { App, Button, Modal, Tooltip } from 'antd';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ask } from '../../api/client.ts';
import { paymentMethods, queries } from '../../api/queries.ts';
import type { MethodChoice, PaymentMethod, SessionStatus } from '../../api/shapes.ts';
import { isOver, type Stage } from '../../live/stage.ts';
import { clinicClock } from '../../ui/format.ts';
import { useKeys } from '../../ui/use-keys.ts';
import { languageNow } from '../../words/index.ts';
import { ProblemNote } from '../trouble.tsx';
import type { CodeOpening } from './open-code.ts';
import { ActionTrouble } from './unfinished.tsx';

/** "Ask the channel now" rests this long after use: the service asks by itself too. */
const INQUIRY_REST_MS = 3_000;

interface SessionActionsProps {
  status: SessionStatus;
  stage: Stage;
  opening: CodeOpening;
  onStatus: (status: SessionStatus) => void;
  onRefresh: () => void;
}

export function SessionActions({ status, stage, opening, onStatus, onRefresh }: SessionActionsProps) {
  const { t } = useTranslation();
  const [asksToCancel, setAsksToCancel] = useState(false);
  const cancelling = useCancel(status, onStatus);
  const inquiry = useInquiry(status, onStatus);
  const choices = useQuery(paymentMethods).data?.methods ?? [];
  const busy = opening.isPending || cancelling.isPending;
  const over = isOver(stage);
  const method = t(`method.${status.payment_method}`);

  useKeys({
    F4: () => busy || onRefresh(),
    Escape: () => busy || over || setAsksToCancel(true),
  });

  return (
    <section className="session-actions">
      <ActionTrouble
        error={opening.error}
        onRetry={() => opening.variables !== undefined && opening.mutate(opening.variables)}
        onInsist={() =>
          opening.variables !== undefined && opening.mutate({ ...opening.variables, insist: true })
        }
      />
      <ActionTrouble
        error={cancelling.error}
        onRetry={() => cancelling.mutate(false)}
        onInsist={() => cancelling.mutate(true)}
      />
      {inquiry.error === null ? null : <ProblemNote error={inquiry.error} />}
      <div className="action-grid">
        <Button
          size="large"
          icon={<SearchOutlined />}
          disabled={inquiry.resting}
          loading={inquiry.isPending}
          onClick={() => inquiry.mutate()}
        >
          {t('session.inquiry')}
        </Button>
        <Button size="large" icon={<ReloadOutlined />} disabled={busy} onClick={onRefresh}>
          {t('session.refresh')} <kbd>F4</kbd>
        </Button>
        {choices
          .filter((choice) => choice.method !== status.payment_method)
          .map((choice) => (
            <SwitchButton
              key={choice.method}
              choice={choice}
              busy={busy}
              onSwitch={(other) => opening.mutate({ payment_method: other })}
            />
          ))}
        <Button
          size="large"
          danger
          icon={<CloseOutlined />}
          disabled={busy || over}
          loading={cancelling.isPending}
          onClick={() => setAsksToCancel(true)}
        >
          {t('session.cancel')} <kbd>Esc</kbd>
        </Button>
      </div>
      <Modal
        open={asksToCancel && !over}
        title={t('session.cancelTitle')}
        okText={t('session.cancelConfirm')}
        cancelText={t('session.cancelKeep')}
        okButtonProps={{ danger: true }}
        onOk={() => {
          setAsksToCancel(false);
          cancelling.mutate(false);
        }}
        onCancel={() => setAsksToCancel(false)}
      >
        <p>{t('session.cancelHint', { method })}</p>
      </Modal>
    </section>
  );
}

function SwitchButton({
  choice,
  busy,
  onSwitch,
}: {
  choice: MethodChoice;
  busy: boolean;
  onSwitch: (method: PaymentMethod) => void;
}) {
  const { t } = useTranslation();
  const why = choice.enabled ? undefined : languageNow() === 'en' ? choice.reason_en : choice.reason_zh;
  return (
    <Tooltip title={why}>
      <Button
        size="large"
        icon={<SwapOutlined />}
        disabled={busy || !choice.enabled}
        onClick={() => onSwitch(choice.method)}
      >
        {t('session.switch', { method: t(`method.${choice.method}`) })}
      </Button>
    </Tooltip>
  );
}

function useCancel(status: SessionStatus, onStatus: (status: SessionStatus) => void) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  return useMutation({
    mutationFn: (insist: boolean) =>
      ask('POST /api/v1/finance/payment-sessions/{session_id}/cancellation', {
        path: { session_id: status.session_id },
        body: insist ? { insist } : {},
      }),
    onSuccess: ({ result, payable_until, session }) => {
      // Told of its end, the page leaves by itself; whoever has left already is not called back.
      onStatus(session);
      if (result === 'withdrawn' && payable_until !== null) {
        message.info(t('session.withdrawn', { time: clinicClock(payable_until) }), 8);
      }
    },
    onSettled: () => void queries.invalidateQueries({ queryKey: ['bill', status.bill_id] }),
  });
}

function useInquiry(status: SessionStatus, onStatus: (status: SessionStatus) => void) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const [resting, setResting] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const inquiry = useMutation({
    mutationFn: () =>
      ask('POST /api/v1/finance/payment-sessions/{session_id}/inquiry', {
        path: { session_id: status.session_id },
        body: {},
      }),
    onMutate: () => {
      setResting(true);
      timer.current = setTimeout(() => setResting(false), INQUIRY_REST_MS);
    },
    onSuccess: (told) => {
      onStatus(told);
      message.success(t('session.inquiryDone', { method: t(`method.${status.payment_method}`) }));
    },
  });
  return { ...inquiry, resting };
}
