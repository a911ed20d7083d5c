import type { ReactNode } from 'react';
import { Mark } from './mark.tsx';

/** A quiet page part that says why nothing is here, and what to do. */
export function Quiet({
  title,
  children,
  action,
}: {
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className="quiet-part">
      <span className="quiet-mark">
        <Mark size={44} />
      </span>
      <h2>{title}</h2>
      {children === undefined ? null : <div className="quiet">{children}</div>}
      {action}
    </div>
  );
}
