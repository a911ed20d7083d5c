import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** Where a development server sends what is not a page; the service itself serves the built pages. */
const service = `http://127.0.0.1:${process.env.PORT ?? '8080'}`;

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  build: {
    outDir: '../dist/web',
    emptyOutDir: true,
    // Windows 7 ends at Chrome 109, and small clinics still have it.
    target: ['chrome109', 'safari14'],
    // The content security policy allows images from our own address only: nothing becomes a data: URL.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700,
  },
  server: {
    proxy: {
      '/api': service,
      '/pay': service,
      '/docs': service,
      '/openapi.json': service,
    },
  },
});
