import type { Tone } from './badge.tsx';

const SHAPES: Record<Tone, string> = {
  calm: 'M16 24h16',
  blue: 'M24 14v11l7 4.5',
  good: 'M14.5 24.8l6.7 6.7 13-14',
  warn: 'M24 13.5v13M24 33.2v.3',
  bad: 'M17 17l14 14M31 17l-14 14',
};

/** The sign of a state: a round field with a drawn shape; it turns while we wait for an answer. */
export function StageSign({
  tone,
  busy = false,
  waiting = false,
  size = 48,
}: {
  tone: Tone;
  busy?: boolean;
  waiting?: boolean;
  size?: number;
}) {
  return (
    <svg
      className={`sign sign-${tone} ${busy ? 'sign-busy' : ''} ${waiting ? 'sign-waiting' : ''}`}
      width={size}
      height={size}
      viewBox="0 0 48 48"
      aria-hidden="true"
      focusable="false"
    >
      <circle className="sign-field" cx="24" cy="24" r="22" />
      {busy ? <circle className="sign-turn" cx="24" cy="24" r="22" pathLength="100" /> : null}
      <path className="sign-shape" d={SHAPES[tone]} pathLength="100" />
    </svg>
  );
}
