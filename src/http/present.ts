import { fen, yuan } from '#money';
import { codeShown, type SessionView } from '#session';
import { rfc3339 } from '#world';

const base = '/api/v1/finance';

export function imageUrl(publicId: string): string {
  return `${base}/qr-codes/${publicId}.png`;
}

export function eventsUrl(publicId: string): string {
  return `${base}/payment-sessions/${publicId}/events`;
}

/** The whole public state of a session: status reads, events and pages all show this object. */
export function sessionStatusReply(session: SessionView, nowMs: number) {
  return {
    status: session.status,
    bill_id: session.bill_id,
    payment_method: session.payment_method,
    expires_at: rfc3339(session.expires_at),
    session_id: session.public_id,
    phase: phaseNow(session, nowMs),
    code_shown: codeShown(session, nowMs),
    amount_fen: session.amount_fen,
    amount: yuan(fen(session.amount_fen)),
    version: session.version,
    server_time: rfc3339(nowMs),
    paid_at: session.paid_at === null ? null : rfc3339(session.paid_at),
    late: session.late === 1,
    disposition: session.disposition,
    replaced_by: session.replaced_by,
    end_reason: session.end_reason as EndReason | null,
    clinic_name: session.clinic_name,
  };
}

/** A code whose time is over has left the screens, whoever is late to note it: its end is being confirmed. */
function phaseNow(session: SessionView, nowMs: number): SessionView['phase'] {
  const { phase } = session;
  return (phase === 'ready' || phase === 'scanned') && !codeShown(session, nowMs) ? 'confirming' : phase;
}

type EndReason =
  | 'timeout'
  | 'refresh'
  | 'switch'
  | 'cancel'
  | 'void'
  | 'declined'
  | 'paid_elsewhere'
  | 'disputed';

export function openedReply(session: SessionView, nowMs: number) {
  return {
    qr_code_content: session.qr_code_content,
    qr_code_image_url: imageUrl(session.public_id),
    expires_at: rfc3339(session.expires_at),
    session_id: session.public_id,
    bill_id: session.bill_id,
    payment_method: session.payment_method,
    amount_fen: session.amount_fen,
    amount: yuan(fen(session.amount_fen)),
    patient_page_url: `/pay/${session.public_id}`,
    server_time: rfc3339(nowMs),
  };
}
