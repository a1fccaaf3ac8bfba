/** Longest answer, and longest event of a stream (bytes). */
const MAX_BYTES = 16 << 20;
const MAX_REDIRECTS = 3;

/**
 * `fetch` for a server that is not trusted with more than it was given: it goes to no other host, which would get the headers with
 * the credentials, and reads no endless answer.
 *
 * @param fetchIt what really fetches
 */
export function guardedFetch(fetchIt: typeof fetch = fetch): typeof fetch {
  return async (input, init) => {
    let url = new URL(input instanceof Request ? input.url : input);
    for (let count = 0; count <= MAX_REDIRECTS; count += 1) {
      const response = await fetchIt(url, { ...init, redirect: 'manual' });
      const to = response.status >= 300 && response.status < 400 && response.headers.get('location');
      if (!to) return limited(response);
      await response.body?.cancel();
      const next = new URL(to, url);
      if (next.origin !== url.origin) {
        throw new Error(
          `The MCP server sends us to another host, ${next.host}. Enter its address in the dialog if that is right.`,
        );
      }
      url = next;
    }
    throw new Error('The MCP server sends us in circles.');
  };
}

function limited(response: Response): Response {
  const { body, status, statusText, headers } = response;
  if (!body) return response;
  const events = headers.get('content-type')?.includes('text/event-stream') === true;
  let size = 0;
  const limit = new TransformStream<Uint8Array, Uint8Array>({
    transform(bytes, controller) {
      size = events && endsEvent(bytes) ? bytes.length : size + bytes.length;
      if (size > MAX_BYTES) throw new Error(`The MCP server sent more than ${MAX_BYTES >> 20} MB at once.`);
      controller.enqueue(bytes);
    },
  });
  return new Response(body.pipeThrough(limit), { status, statusText, headers });
}

/** Events end with an empty line. One that is cut by a border of pieces is not seen, which matters little. */
function endsEvent(bytes: Uint8Array): boolean {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return text.includes('\n\n') || text.includes('\r\n\r\n') || text.includes('\r\r');
}
