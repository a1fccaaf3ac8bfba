import { isObject } from './walk';

/** What a {@link Redactor} takes out besides secrets. */
export interface RedactorOptions {
  /** Credentials that are known beforehand: taken out wherever they stand. */
  secrets?: readonly string[];
  /** False: sound is replaced by its size. Default true. */
  audio?: boolean;
  /** False: pictures are replaced by their size. Default: as `audio`. */
  video?: boolean;
}

/** Replacing something shorter (characters) wherever it stands would shred the text around it. */
const SHORTEST = { given: 4, learned: 8 };
/** How many values that were met on the way are looked for in every text: the newest count. */
const MAX_LEARNED = 100;
/** A message nested deeper than this is hostile; what lies below is left out. */
const MAX_DEPTH = 100;
/** Longer texts (characters) are left out: what looks for secrets in them would stop everything else for too long. */
const MAX_TEXT = 512 * 1024;
/** How much of a frame that is no JSON is kept (characters). */
const MAX_BROKEN = 4096;

/** Names of fields and headers whose value is a secret, without case, dashes and underscores. */
const SECRET_NAME =
  /authorization|apikey|accesskey|privatekey|passw|passphrase|^pass$|^pwd$|^jwt$|^bearer$|secret(?!ar|iv)|credential|cookie|token$|consentsignature/;

/**
 * Secrets that can be told by their looks: the first group stays, the second goes. Lengths are bounded, so that no text
 * takes more than linear time.
 */
const PATTERNS: readonly RegExp[] = [
  // user:password@ of a URL; a password may hold an @ itself.
  /([a-z][a-z\d+.-]{0,30}:\/\/)([^/\s?#"'<>]+)(?=@)/gi,
  // ?key=… and the like
  /([?&][\w.-]{0,40}?(?:key|token|secret|pass|pwd|auth|sig)[\w.-]{0,40}=)([^&\s"'<>#]+)/gi,
  // Authorization: Basic …, "x-goog-api-key": "…", also as text inside of a text
  /((?:authorization|api[_-]?key)["']?\s{0,4}[:=]\s{0,4}["']?(?:(?:Bearer|Basic|Token)\s+)?)([^\s"',;}]+)/gi,
  /(\b(?:Bearer|Basic|Token)\s+)(?=[\w.~+/=-]*(?:\d|[a-z][A-Z]))([\w.~+/=-]{8,})/g,
  // Keys of Google, its tokens, refresh tokens and client secrets; JSON Web Tokens; keys of others; private keys
  /()(AIza[\w-]{10,})/g,
  /(\b)(AQ\.[\w-]{16,})/g,
  /()(auth_tokens\/[\w.~-]+)/g,
  /()(ya29\.[\w.-]+)/g,
  /(\b)(1\/\/[\w-]{20,})/g,
  /(\b)(GOCSPX-[\w-]+)/g,
  /(\b)(eyJ[\w-]{8,400}\.[\w-]{1,4000}\.[\w-]{0,1000})/g,
  /(\b)(sk-[\w-]{16,})/g,
  /()(-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|$))/g,
];

/** Names of secrets in a text that should have been JSON, and is not: a frame that was cut, for example. */
const BROKEN_JSON =
  /(["']?[\w-]{0,30}(?:handle|token|secret|passw|credential|authorization|api[_-]?key|cookie)[\w-]{0,30}["']?\s{0,4}[:=]\s{0,4}["']?)([^\s"',}]+)/gi;

/** A name given by an earlier redaction is no secret any more: what is played back keeps its names. */
const PSEUDONYM = /^(?:handle-\d+|\[secret-\d+\])$/;

/**
 * Takes secrets out of the messages of one session. The same secret always gets the same name, so that a reader sees
 * which is which: `[secret-1]` for credentials, `handle-1` for resumption handles.
 */
export class Redactor {
  private readonly names = new Map<string, string>();
  private readonly given = new Set<string>();
  private readonly learned = new Set<string>();
  /** All that is looked for in every text, the longest first: one may contain the other. */
  private known: string[] = [];
  private readonly audio: boolean;
  private readonly video: boolean;
  private handles = 0;
  private secrets = 0;

  constructor(options: RedactorOptions = {}) {
    this.audio = options.audio ?? true;
    this.video = options.video ?? this.audio;
    for (const secret of options.secrets ?? []) {
      const text = secret.trim();
      if (text.length < SHORTEST.given) continue;
      this.given.add(text).add(encodeURIComponent(text));
      this.names.set(encodeURIComponent(text), this.secret(text));
    }
    this.sort();
  }

  /** Redacts a message in place, and returns it. */
  message<T>(message: T): T {
    return this.value(message, '', 0) as T;
  }

  /** A text of which nothing is known: a close reason, something the model said. */
  text(text: string): string {
    if (text.length > MAX_TEXT) return `[${text.length} characters left out]`;
    let out = text;
    for (const value of this.known) {
      if (out.includes(value)) out = out.replaceAll(value, this.names.get(value) ?? '[secret]');
    }
    for (const pattern of PATTERNS) {
      out = out.replace(pattern, (_all, before: string, secret: string) => before + this.found(secret));
    }
    return out;
  }

  /** A frame that is no JSON, and may be half of one. Only its beginning is kept. */
  broken(text: string): string {
    const safe = this.text(text.slice(0, 2 * MAX_BROKEN)).replace(
      BROKEN_JSON,
      (_all, before: string, secret: string) => before + this.found(secret),
    );
    return safe.slice(0, MAX_BROKEN);
  }

  private value(value: unknown, parent: string, depth: number): unknown {
    if (typeof value === 'string') return this.text(value);
    if (typeof value !== 'object' || value === null) return value;
    if (depth > MAX_DEPTH) return '[nested too deeply]';
    if (Array.isArray(value)) {
      for (let i = 0; i < value.length; i++) value[i] = this.value(value[i], parent, depth + 1);
      return value;
    }
    const object = value as Record<string, unknown>;
    const media = this.media(object);
    this.fields(object, (field, name) => {
      if (media && name === 'data') return field;
      if (isHandle(name, parent)) return this.handle(field, depth);
      if (isSecret(name, parent, field)) return this.hidden(field, depth + 1);
      return this.value(field, name, depth + 1);
    });
    return object;
  }

  /** Sound or a picture: patterns are not looked for in its base64, where they would find themselves by chance. */
  private media(object: Record<string, unknown>): boolean {
    const { data } = object;
    const mimeType = object['mimeType'] ?? object['mime_type'];
    if (typeof data !== 'string' || typeof mimeType !== 'string') return false;
    const kind = /^(audio|image|video)\//i.exec(mimeType)?.[1]?.toLowerCase();
    if (!kind || !/^[\w+/-]*=*$/.test(data)) return false;
    if (kind === 'audio' ? this.audio : this.video) {
      for (const secret of this.given) if (data.includes(secret)) object['data'] = this.text(data);
      return true;
    }
    delete object['data'];
    object['bytes'] = Buffer.byteLength(data, 'base64');
    return true;
  }

  /** Everything under the name of a secret goes. */
  private hidden(value: unknown, depth: number): unknown {
    if (typeof value === 'string') return this.secret(value);
    if (typeof value === 'number') return this.secret(String(value));
    if (typeof value !== 'object' || value === null) return value;
    if (depth > MAX_DEPTH) return '[nested too deeply]';
    if (Array.isArray(value)) return value.map((item) => this.hidden(item, depth + 1));
    this.fields(value as Record<string, unknown>, (field) => this.hidden(field, depth + 1));
    return value;
  }

  private handle(value: unknown, depth: number): unknown {
    if (typeof value !== 'string' || value === '') return this.value(value, '', depth + 1);
    return this.name(value, () => `handle-${++this.handles}`);
  }

  private secret(value: string): string {
    if (value === '') return value;
    const bare = /^(?:Bearer|Basic|Token)\s+(\S.*)$/is.exec(value)?.[1];
    if (bare !== undefined) this.secret(bare);
    return this.name(value, () => `[secret-${++this.secrets}]`);
  }

  /** What stands where a secret stands may be a plain word after all: that one is left alone in other places. */
  private found(value: string): string {
    return this.name(value, () => `[secret-${++this.secrets}]`, /\d|[a-z][A-Z]/.test(value));
  }

  private name(value: string, make: () => string, learn = true): string {
    if (PSEUDONYM.test(value)) return value;
    const known = this.names.get(value);
    if (known !== undefined) return known;
    const name = make();
    this.names.set(value, name);
    if (!learn || value.length < SHORTEST.learned) return name;
    this.learned.add(value);
    if (this.learned.size > MAX_LEARNED) this.learned.delete(this.learned.values().next().value ?? '');
    this.sort();
    return name;
  }

  private sort(): void {
    this.known = [...new Set([...this.given, ...this.learned])].sort((a, b) => b.length - a.length);
  }

  /** Replaces each field; a name may hold a secret as well. */
  private fields(object: Record<string, unknown>, replace: (field: unknown, name: string) => unknown): void {
    for (const name of Object.keys(object)) {
      const value = replace(object[name], name);
      const safe = this.text(name);
      if (safe !== name) delete object[name];
      // Not by assignment: a field may be called __proto__.
      Object.defineProperty(object, safe, { value, enumerable: true, configurable: true, writable: true });
    }
  }
}

const plain = (name: string): string => name.replace(/[-_\s]/g, '').toLowerCase();

/** A door has a handle, too: only that of a resumption counts. */
function isHandle(name: string, parent: string): boolean {
  return plain(name) === 'newhandle' || (name === 'handle' && plain(parent) === 'sessionresumption');
}

/** Not a secret: the declaration of a parameter that is named like one. */
function isSecret(name: string, parent: string, value: unknown): boolean {
  if (PSEUDONYM.test(name)) return false;
  if (!isObject(value)) return SECRET_NAME.test(plain(name));
  return plain(name) === 'headers' || (SECRET_NAME.test(plain(name)) && parent !== 'properties');
}
