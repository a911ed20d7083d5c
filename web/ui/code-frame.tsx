import { CheckCircleFilled, LoadingOutlined, ReloadOutlined } from '@ant-design/icons';
import { Button } from 'antd';
import { useState, type ReactNode } from 'react';

/**
 * The place of the code: always white, with room around it, whatever the look of the page. The image
 * brings its own four quiet modules.
 */
export function CodeImage({
  src,
  alt,
  scanned,
  broken,
  reload,
}: {
  src: string;
  alt: string;
  scanned: string | undefined;
  broken: string;
  reload: string;
}) {
  const [failed, setFailed] = useState(false);
  const [round, setRound] = useState(0);
  if (failed) {
    return (
      <CodeStandIn>
        <span>{broken}</span>
        <Button
          onClick={() => {
            setFailed(false);
            setRound((count) => count + 1);
          }}
        >
          {reload}
        </Button>
      </CodeStandIn>
    );
  }
  return (
    <div className={`code ${scanned === undefined ? '' : 'code-scanned'}`}>
      <img key={round} src={src} alt={alt} width="320" height="320" onError={() => setFailed(true)} />
      {scanned === undefined ? null : (
        <span className="code-over code-over-good">
          <CheckCircleFilled aria-hidden="true" />
          {scanned}
        </span>
      )}
    </div>
  );
}

/** What stands in the place of the code when there is none: three pale eyes and a word. */
export function CodeStandIn({ children }: { children: ReactNode }) {
  return (
    <div className="code code-none">
      <svg viewBox="0 0 37 37" aria-hidden="true" focusable="false">
        {[
          [4, 4],
          [26, 4],
          [4, 26],
        ].map(([x = 0, y = 0]) => (
          <g key={`${x} ${y}`} transform={`translate(${x} ${y})`}>
            <rect x=".5" y=".5" width="6" height="6" rx="1.4" fill="none" stroke="currentColor" />
            <rect x="2" y="2" width="3" height="3" rx=".8" fill="currentColor" />
          </g>
        ))}
      </svg>
      <span className="code-over">{children}</span>
    </div>
  );
}

export function CodeWaiting({ children }: { children: ReactNode }) {
  return (
    <CodeStandIn>
      <LoadingOutlined aria-hidden="true" className="code-sign" />
      <span>{children}</span>
    </CodeStandIn>
  );
}

export function CodeExpired({
  word,
  action,
  busy,
  onRefresh,
}: {
  word: string;
  action: string;
  busy: boolean;
  onRefresh: () => void;
}) {
  return (
    <CodeStandIn>
      <button type="button" className="code-refresh" disabled={busy} onClick={onRefresh}>
        {busy ? (
          <LoadingOutlined aria-hidden="true" className="code-sign" />
        ) : (
          <ReloadOutlined aria-hidden="true" className="code-sign" />
        )}
        <span>{word}</span>
        <strong>{action}</strong>
      </button>
    </CodeStandIn>
  );
}
