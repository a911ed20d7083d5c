import type { ReactNode } from 'react';
import type { Tone } from './badge.tsx';

/** A message in the flow of the page: what happened, what it means, what can be done. */
export function Note({
  tone,
  title,
  children,
  actions,
  alert = false,
}: {
  tone: Tone;
  title: ReactNode;
  children?: ReactNode;
  actions?: ReactNode;
  /** True when it appears by itself and must be heard at once. */
  alert?: boolean;
}) {
  return (
    <div className={`note tone-${tone}`} role={alert ? 'alert' : undefined}>
      <strong>{title}</strong>
      {children === undefined ? null : <p>{children}</p>}
      {actions === undefined ? null : <div className="row">{actions}</div>}
    </div>
  );
}
