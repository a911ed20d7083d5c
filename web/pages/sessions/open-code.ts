import { useMutation, type UseMutationResult } from '@tanstack/react-query';
import { useNavigate, type NavigateOptions } from '@tanstack/react-router';
import { useEffect, useRef, type RefObject } from 'react';
import { ask, newKey, Problem } from '../../api/client.ts';
import { queries } from '../../api/queries.ts';
import type { PaymentMethod } from '../../api/shapes.ts';
import { paths } from '../../paths.ts';

export interface CodeAsked {
  payment_method: PaymentMethod;
  refresh?: boolean;
  insist?: boolean;
}

export type CodeOpening = UseMutationResult<{ session_id: string }, Error, CodeAsked>;

/**
 * Opens a session for a bill and goes to where its truth is shown: the code, or, when the bill turns out
 * to be paid, its result. A channel that is silent has a session too: its page waits for the answer.
 */
export function useOpenCode(billId: number | undefined): CodeOpening {
  const navigate = useNavigate();
  const here = useStillHere();
  /** Whoever has gone elsewhere while the channel was asked is not called back. */
  const goTo = async (place: NavigateOptions): Promise<void> => {
    if (here.current) await navigate({ ...place, replace: true });
  };
  const keyFor = useSameKey();
  return useMutation<{ session_id: string }, Error, CodeAsked>({
    mutationFn: async (body) => {
      if (billId === undefined) throw new Error('no bill yet');
      return keyFor(body, (idempotencyKey) =>
        ask(
          'POST /api/v1/finance/bills/{bill_id}/qr-payment',
          { path: { bill_id: billId }, body },
          { idempotencyKey },
        ),
      );
    },
    // Pending until the new page stands: the old one would else leave for its own result meanwhile.
    onSuccess: ({ session_id }) => goTo(paths.session(session_id)),
    onError: (error) => {
      const sessionId = error instanceof Problem ? error.fact('session_id') : undefined;
      if (!(error instanceof Problem) || sessionId === undefined) return undefined;
      if (error.code === 'bill_already_paid') return goTo(paths.result(sessionId));
      if (error.code === 'channel_silent') return goTo(paths.session(sessionId));
      return undefined;
    },
    onSettled: () => void queries.invalidateQueries({ queryKey: ['bill', billId] }),
  });
}

function useStillHere(): RefObject<boolean> {
  const here = useRef(true);
  useEffect(() => {
    here.current = true;
    return () => {
      here.current = false;
    };
  }, []);
  return here;
}

/** The same request gets the same Idempotency-Key until an answer came: a lost one is not done twice. */
function useSameKey(): <T>(body: unknown, send: (key: string) => Promise<T>) => Promise<T> {
  const waiting = useRef<{ body: string; key: string } | undefined>(undefined);
  return async (body, send) => {
    const text = JSON.stringify(body);
    const key = waiting.current?.body === text ? waiting.current.key : newKey();
    waiting.current = { body: text, key };
    try {
      const answer = await send(key);
      waiting.current = undefined;
      return answer;
    } catch (error) {
      if (error instanceof Problem && error.status !== 0) waiting.current = undefined;
      throw error;
    }
  };
}
