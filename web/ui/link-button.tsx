import { useRouter, type NavigateOptions } from '@tanstack/react-router';
import { Button, type ButtonProps } from 'antd';
import type { MouseEvent, ReactNode } from 'react';

type Looks = Pick<ButtonProps, 'type' | 'size' | 'icon' | 'className'>;

/** A link that looks like a button: it can be opened in a new tab, and is announced as a link. */
export function LinkButton({
  to,
  children,
  size = 'large',
  ...looks
}: Looks & { to: NavigateOptions; children: ReactNode }) {
  const router = useRouter();
  const follow = (event: MouseEvent): void => {
    if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    void router.navigate(to);
  };
  return (
    <Button {...looks} size={size} href={router.buildLocation(to).href} onClick={follow}>
      {children}
    </Button>
  );
}
