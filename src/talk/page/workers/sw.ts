/**
 * The service worker, which lets the page be installed. It keeps the page's own files for the time without a network, so
 * that an installed app opens and says that it is not connected. With a network it keeps out of the way: a page behind a
 * password must be asked for by the browser itself.
 */
interface WorkerEvent extends Event {
  waitUntil(promise: Promise<unknown>): void;
}
interface FetchEvent extends WorkerEvent {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}

const CACHE = 'gemini-live-talk';
const FILES = ['style.css', 'page.js', 'capture.js', 'playback.js', 'ticker.js', 'icon.svg'];

/** TypeScript's DOM library knows windows only. */
const worker = self as unknown as {
  addEventListener(type: 'install' | 'activate', listener: (event: WorkerEvent) => void): void;
  addEventListener(type: 'fetch', listener: (event: FetchEvent) => void): void;
  skipWaiting(): Promise<void>;
};

worker.addEventListener('install', (event) => {
  const keep = async (): Promise<void> => {
    await (await caches.open(CACHE)).addAll(FILES.map((file) => `assets/${file}`));
    await worker.skipWaiting();
  };
  event.waitUntil(keep());
});

worker.addEventListener('fetch', (event) => {
  const { request } = event;
  const file = new URL(request.url).pathname.includes('/assets/');
  if (request.method !== 'GET' || (request.mode !== 'navigate' && !file)) return;
  if (navigator.onLine) {
    if (request.mode === 'navigate') event.waitUntil(keepPage(request.url));
    return;
  }
  event.respondWith(kept(request));
});

/** The page itself has one address for each name: it is kept when it is visited. */
async function keepPage(url: string): Promise<void> {
  const response = await fetch(url, { credentials: 'same-origin' }).catch(() => undefined);
  if (response?.ok && !response.redirected) await (await caches.open(CACHE)).put(url, response);
}

async function kept(request: Request): Promise<Response> {
  return (await caches.match(request, { ignoreSearch: true })) ?? fetch(request);
}

export {};
