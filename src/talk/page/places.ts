/**
 * Where everything is, found from the address of the page itself: any prefix and any reverse proxy before it fit.
 * The page is `<prefix>/<name>`, all else lies beside it or below it.
 */
const page = new URL(document.baseURI);
page.search = '';
page.hash = '';
page.pathname = page.pathname.replace(/\/+$/, '');

/** Name of the page, e.g. `kitchen`. */
export const pageName = decoded(page.pathname.split('/').pop() ?? '');

/** A file that belongs to all pages, e.g. `assets/capture.js`. */
export const shared = (file: string): string => new URL(file, page).href;

/** A place of this page, e.g. `token`. */
export const own = (place: string): string => `${page.href}/${place}`;

/** The address of the socket: encrypted when the page is. */
export const socketUrl = (): string => own('socket').replace(/^http/, 'ws');

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
