/**
 * Building and serving the client. In development the server's paths go to a running Zvon
 * (`ZVON_URL`), except for pages that a browser asks for: those are the client's own.
 */
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin, type ProxyOptions } from 'vite';

const target = process.env.ZVON_URL ?? 'http://localhost:4000';

const rest: ProxyOptions = {
  target,
  bypass: (request) =>
    request.method === 'GET' && request.headers.accept?.includes('text/html')
      ? '/index.html'
      : undefined,
};

/** Nothing is painted before the client runs: there is nothing to see, but for the wrong theme. */
const paintOnce: Plugin = {
  name: 'paint-once',
  transformIndexHtml: {
    order: 'post',
    handler: (html) =>
      html.replace('<script type="module"', '<script type="module" blocking="render"'),
  },
};

export default defineConfig({
  plugins: [react(), paintOnce],
  build: { assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  server: {
    proxy: {
      '/auth': rest,
      '/chats': rest,
      '/messages': rest,
      '/api': rest,
      '/health': rest,
      '/socket.io': { target, ws: true },
    },
  },
});
