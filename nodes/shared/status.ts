import type { NodeStatus } from 'node-red';
import type { Red, RedNode } from './types';

/** The looks of a status, by Node-RED's conventions. */
const LOOKS = {
  ok: { fill: 'green', shape: 'dot' },
  waiting: { fill: 'yellow', shape: 'ring' },
  busy: { fill: 'blue', shape: 'dot' },
  quiet: { fill: 'grey', shape: 'ring' },
  failed: { fill: 'red', shape: 'ring' },
} as const;

/** What a status says about the node. */
export type Look = keyof typeof LOOKS;

/** Longest text that fits under a node. */
const MAX_TEXT = 20;

/**
 * The status line of a node. Equal statuses in a row are sent once: each one goes to every open editor and Status node.
 */
export class StatusLine {
  #last = '';

  constructor(
    private readonly RED: Red,
    private readonly node: RedNode,
  ) {}

  /** Shows `status.<key>` of the node's labels; `detail` replaces `__detail__` there. */
  show(look: Look, key: string, detail = ''): void {
    this.#set({ ...LOOKS[look], text: shorten(this.RED._(`status.${key}`, { detail })) });
  }

  clear(): void {
    this.#set({});
  }

  #set(status: NodeStatus): void {
    const text = JSON.stringify(status);
    if (text === this.#last) return;
    this.#last = text;
    this.node.status(status);
  }
}

function shorten(text: string): string {
  return text.length < MAX_TEXT ? text : `${text.slice(0, MAX_TEXT - 2)}…`;
}

/** A code in words short enough for a status: `DEVICE_NOT_FOUND` → `device not found`. */
export function codeText(error: unknown): string {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code.toLowerCase().replaceAll('_', ' ') : 'failed';
}
