import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { App as AntApp, ConfigProvider } from 'antd';
import enUS from 'antd/locale/en_US';
import zhCN from 'antd/locale/zh_CN';
import { createRoot } from 'react-dom/client';
import { useTranslation } from 'react-i18next';
import { queries } from './api/queries.ts';
import { router } from './routes.tsx';
import './ui/look.css';
import './ui/lists.css';
import './ui/parts.css';
import { useLook } from './ui/preferences.ts';
import { antTheme } from './ui/theme.ts';
import { languageNow } from './words/index.ts';

/** Below the stripes: a message must not cover that this is not the real world. */
const MESSAGE_TOP = 44;

function Desk() {
  // Asked here so that a change of language renders everything anew.
  useTranslation();
  const { look, calm } = useLook();
  return (
    <ConfigProvider
      theme={antTheme(look, calm)}
      locale={languageNow() === 'en' ? enUS : zhCN}
      button={{ autoInsertSpace: false }}
    >
      <AntApp message={{ maxCount: 2, top: MESSAGE_TOP }}>
        <QueryClientProvider client={queries}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </AntApp>
    </ConfigProvider>
  );
}

const root = document.getElementById('root');
if (root !== null) createRoot(root).render(<Desk />);
