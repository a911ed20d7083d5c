const RADIUS = 46;
const AROUND = 2 * Math.PI * RADIUS;

/** What is left of a time, as a ring that empties around its figures. `share` is from 1 (all) to 0. */
export function Ring({
  share,
  soon,
  text,
  label,
}: {
  share: number;
  soon: boolean;
  text: string;
  label: string;
}) {
  return (
    <div className={`ring ${soon ? 'ring-soon' : ''}`} role="timer" aria-label={label}>
      <svg viewBox="0 0 104 104" aria-hidden="true" focusable="false">
        <circle className="ring-track" cx="52" cy="52" r={RADIUS} />
        <circle
          className="ring-rest"
          cx="52"
          cy="52"
          r={RADIUS}
          strokeDasharray={AROUND}
          strokeDashoffset={AROUND * (1 - Math.min(1, Math.max(0, share)))}
          transform="rotate(-90 52 52)"
        />
      </svg>
      <span className="ring-text numbers" aria-hidden="true">
        {text}
      </span>
    </div>
  );
}
