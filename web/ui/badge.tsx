import type { ReactNode } from 'react';

export type Tone = 'calm' | 'blue' | 'good' | 'warn' | 'bad';

const SIGNS: Record<Tone, string> = {
  calm: 'M3.5 8h9',
  blue: 'M8 1.8a6.2 6.2 0 1 1 0 12.4A6.2 6.2 0 0 1 8 1.8ZM8 5v3.2l2 1.3',
  good: 'M3.5 8.5l3 3 6-6.5',
  warn: 'M8 3v6M8 12.3v.2',
  bad: 'M4 4l8 8M12 4l-8 8',
};

/** A state in a word with its sign: the shape tells it too, not the colour alone. */
export function Badge({ tone, children }: { tone: Tone; children: ReactNode }) {
  return (
    <span className={`badge tone-${tone}`}>
      <svg width="14" height="14" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
        <path
          d={SIGNS[tone]}
          fill="none"
          stroke="currentColor"
          strokeWidth="2"
          strokeLinecap="round"
          strokeLinejoin="round"
        />
      </svg>
      {children}
    </span>
  );
}
