import { useId, type ReactNode } from 'react';

/** What a field hands to its control, so that label, hint and trouble are tied to it. */
export interface ControlProps {
  id: string;
  'aria-invalid': boolean;
  'aria-describedby'?: string;
  status: '' | 'error';
}

/**
 * A labelled control with its hint and its trouble. `name` is the field as the service calls it, by
 * which the page can bring the first trouble into view.
 */
export function Field({
  name,
  label,
  hint,
  trouble,
  optional = false,
  className = '',
  children,
}: {
  name: string;
  label: ReactNode;
  hint?: ReactNode;
  trouble: string | undefined;
  optional?: boolean;
  className?: string;
  children: (control: ControlProps) => ReactNode;
}) {
  const id = useId();
  const noteId = `${id}-note`;
  const note = trouble ?? hint;
  return (
    <div className={`field ${trouble === undefined ? '' : 'field-bad'} ${className}`} data-field={name}>
      <label htmlFor={id} className={optional ? 'quiet' : ''}>
        {label}
      </label>
      {children({
        id,
        'aria-invalid': trouble !== undefined,
        ...(note === undefined ? {} : { 'aria-describedby': noteId }),
        status: trouble === undefined ? '' : 'error',
      })}
      {note === undefined ? null : (
        <span id={noteId} className="field-note">
          {note}
        </span>
      )}
    </div>
  );
}

/** Brings the first field in trouble into view and puts the cursor there. */
export function goToTrouble(names: readonly string[]): void {
  const wanted = new Set(names);
  const field = Array.from(document.querySelectorAll<HTMLElement>('[data-field]')).find((element) =>
    wanted.has(element.dataset.field ?? ''),
  );
  field?.scrollIntoView({ block: 'center', behavior: 'smooth' });
  field?.querySelector<HTMLElement>('input, textarea, select, button')?.focus({ preventScroll: true });
}
