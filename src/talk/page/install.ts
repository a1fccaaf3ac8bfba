import { own, shared } from './places';

/** Makes the page an app that can be installed: each page its own, with its own name. */
export function installable(): void {
  const link = document.createElement('link');
  link.rel = 'manifest';
  link.href = own('manifest.webmanifest');
  link.crossOrigin = 'use-credentials'; // Node-RED may ask for a password
  document.head.append(link);
  // Without HTTPS, or in a private window, there is none: then it is a page like any other.
  navigator.serviceWorker?.register(shared('sw.js')).catch(() => undefined);
}
