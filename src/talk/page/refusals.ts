/** Something that the browser did not do, and what to do next, in words. */
export interface Refusal {
  title: string;
  advice: string;
}

type Device = 'microphone' | 'camera' | 'screen';

/** Why there is no microphone or camera before one even asks; nothing when one may ask. */
export function unavailable(device: Device): Refusal | undefined {
  if (!window.isSecureContext) {
    return {
      title: `The browser does not give the ${device} to this page, because it was opened without HTTPS.`,
      advice: `Open it with https:// or on the machine itself as http://localhost. ${ways(device)}`,
    };
  }
  const there = device === 'screen' ? navigator.mediaDevices?.getDisplayMedia : navigator.mediaDevices;
  if (there) return undefined;
  return { title: `This browser offers no ${device}.`, advice: `Use a newer browser. ${ways(device)}` };
}

/** Why `getUserMedia` or `getDisplayMedia` failed. */
export async function refused(device: Device, error: unknown): Promise<Refusal> {
  const name = error instanceof Error || error instanceof DOMException ? error.name : '';
  switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return device === 'screen' ? notShared() : await notAllowed(device);
    case 'NotFoundError':
      return {
        title: `No ${device} was found.`,
        advice: `Plug one in, or switch it on in the settings of the system. ${ways(device)}`,
      };
    case 'NotReadableError':
    case 'AbortError':
      return {
        title: `The ${device} cannot be used just now.`,
        advice: `Another program may be using it: close that and try again. ${ways(device)}`,
      };
    default:
      return {
        title: `The ${device} could not be opened${name ? ` (${name})` : ''}.`,
        advice: `Choose another one in the settings, or load the page again. ${ways(device)}`,
      };
  }
}

async function notAllowed(device: 'microphone' | 'camera'): Promise<Refusal> {
  const name = device as PermissionName;
  const state = await navigator.permissions?.query({ name }).then(
    (status) => status.state,
    () => undefined, // not every browser knows the name
  );
  const title = `The browser was not allowed to use the ${device}.`;
  if (state === 'prompt') return { title, advice: `Press again and choose “Allow”. ${ways(device)}` };
  if (window.self !== window.top) {
    return {
      title,
      advice: `The page that holds this one must allow it, or open this one alone. ${ways(device)}`,
    };
  }
  return {
    title,
    advice: `Allow it for this site (the icon left of the address), then press again. ${ways(device)}`,
  };
}

function notShared(): Refusal {
  return {
    title: 'The screen is not shared.',
    advice: 'Press again and choose a screen, a window or a tab; the system may have to allow it, too.',
  };
}

/** There is always another way. */
function ways(device: Device): string {
  return device === 'microphone' ? 'Typing and sending a recording work without it.' : '';
}
