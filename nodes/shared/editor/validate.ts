import type { EditorNode } from './types';
import { says } from './lists';

/** Node-RED's answer to "is this field right?": true, or what is wrong. */
type Verdict = true | string;

/** Fields of which the editor can say at once that they cannot work. The runtime checks them again. */
export const validate = {
  /** Address of a custom endpoint. */
  url(node: EditorNode, value: string): Verdict {
    if (!says(node, 'endpoint', 'custom')) return true;
    let url: URL;
    try {
      url = new URL(value);
    } catch {
      return node._def._('invalid.url');
    }
    if (!/^(https?|wss?):$/.test(url.protocol)) return node._def._('invalid.url');
    return url.username || url.password || url.search ? node._def._('invalid.urlSecret') : true;
  },
  /** JSON object, or nothing. */
  object(node: EditorNode, value: string): Verdict {
    if (!value || !value.trim()) return true;
    try {
      const parsed: unknown = JSON.parse(value);
      if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return true;
    } catch {
      // says the same
    }
    return node._def._('invalid.json');
  },
  /** Number within bounds, or nothing. */
  number(node: EditorNode, value: string | number, min: number, max: number): Verdict {
    if (value === '' || value === undefined || value === null) return true;
    const number = Number(value);
    return number >= min && number <= max
      ? true
      : node._def._('invalid.number', { min: String(min), max: String(max) });
  },
  /** Text that is needed while another field has a certain value; an environment variable may bring it. */
  text(node: EditorNode, value: string, field: string, ...values: string[]): Verdict {
    return value || !says(node, field, ...values) ? true : node._def._('invalid.missing');
  },
};
