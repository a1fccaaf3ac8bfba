let lock: WakeLockSentinel | undefined;
let wanted = false;

/** Keeps the screen on while a phone lies there hands-free: asleep it would hear nothing. Not every browser can. */
export function stayAwake(on: boolean): void {
  wanted = on;
  if (on) void request();
  else void lock?.release();
}

async function request(): Promise<void> {
  if (document.hidden || (lock && !lock.released)) return;
  lock = await navigator.wakeLock?.request('screen').catch(() => undefined);
  if (!wanted) await lock?.release();
}

document.addEventListener('visibilitychange', () => {
  if (wanted) void request(); // the browser takes it away when the page is hidden
});
