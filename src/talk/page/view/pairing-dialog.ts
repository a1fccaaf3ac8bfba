import { byId, setText } from './elements';

/** Asks for the PIN. @param pair tells why it was not taken, nothing when it was */
export function pairingDialog(pair: (pin: string) => Promise<string | undefined>): {
  ask(): void;
  close(): void;
} {
  const dialog = byId<HTMLDialogElement>('pairing');
  const pin = byId<HTMLInputElement>('pin');
  const error = byId('pin-error');
  const button = byId('pairing-form').querySelector('button')!;
  dialog.addEventListener('cancel', (event) => event.preventDefault()); // nothing works without
  byId('pairing-form').addEventListener('submit', (event) => {
    event.preventDefault();
    button.disabled = true;
    setText(error, '');
    void pair(pin.value.trim()).then((wrong) => {
      button.disabled = false;
      setText(error, wrong ?? '');
      if (wrong) pin.select();
    });
  });
  return {
    ask: () => {
      pin.value = '';
      setText(error, '');
      if (!dialog.open) dialog.showModal();
    },
    close: () => dialog.close(),
  };
}
