import { useEffect, useState } from 'react';

/** The value as it was once it has rested for `restMs`: so that not every letter asks the service. */
export function useLater<T>(value: T, restMs: number): T {
  const [later, setLater] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setLater(value), restMs);
    return () => clearTimeout(timer);
  }, [value, restMs]);
  return later;
}
