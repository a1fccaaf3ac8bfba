import { DEFAULT_MODEL, profileFor, type ModelProfile } from '../../src/protocol/profiles';
import { shown } from '../shared/show';
import { FIELDS, type Field, type FieldName } from './fields';

/** What Node-RED shows in place of a password that is saved. */
export const KEPT = '__PWRD__';

/** Why a value cannot be used: a key of the labels, and what is to be put into the text. */
export interface Problem {
  key: string;
  values?: Record<string, string>;
}

/** A field of the dialog cannot be used as it is. */
export class FieldError extends Error {
  constructor(
    readonly field: FieldName,
    readonly problem: Problem,
  ) {
    super(`${field}: ${problem.key}`);
  }
}

/** The values of a dialog, wherever they stand: in a flow, or in an open dialog of the editor. */
export class Values {
  /** @param read the value as it was saved; undefined when the flow is older than the field */
  constructor(private readonly read: (name: FieldName) => unknown) {}

  get model(): string {
    return String(this.raw('model') || '').trim() || DEFAULT_MODEL;
  }

  get profile(): ModelProfile {
    return profileFor(this.model);
  }

  /** Whether the field is shown: what is hidden is not used. */
  applies(name: FieldName): boolean {
    const { show } = FIELDS[name];
    return show === undefined || shown(show, (field) => this.fact(field));
  }

  /** @throws FieldError */
  text(name: FieldName): string {
    const value = this.saved(name);
    return value === undefined || value === null ? '' : String(value).trim();
  }

  /** Undefined when it is left to the model or service. @throws FieldError */
  number(name: FieldName): number | undefined {
    const value = this.text(name);
    return value === '' ? undefined : Number(value);
  }

  /** @throws FieldError */
  on(name: FieldName): boolean {
    const value = this.saved(name);
    return value === true || value === 'true';
  }

  /** Why the field cannot be used, if so. */
  problem(name: FieldName): Problem | undefined {
    return this.applies(name) ? problemOf(FIELDS[name], this.raw(name)) : undefined;
  }

  private saved(name: FieldName): unknown {
    const problem = this.problem(name);
    if (problem) throw new FieldError(name, problem);
    return this.applies(name) ? this.raw(name) : undefined;
  }

  private raw(name: FieldName): unknown {
    const { missing, value } = FIELDS[name];
    return this.read(name) ?? missing ?? value;
  }

  /** What a condition asks about: a field, or with `@` something that follows from the model. */
  fact(field: string): string {
    if (!field.startsWith('@')) return String(this.raw(field as FieldName));
    const fact = FACTS[field.slice(1)];
    return fact ? String(fact(this.profile)) : '';
  }
}

/** What dialogs ask of a model. */
const FACTS: Readonly<Record<string, (profile: ModelProfile) => unknown>> = {
  thinking: ({ thinking }) => thinking.style,
  affective: ({ affective }) => affective,
  proactive: ({ proactive }) => proactive,
  translates: ({ translation }) => translation,
};

const FORMS: Readonly<Record<NonNullable<Field['form']>, (value: string) => Problem | undefined>> = {
  address(value) {
    let url: URL;
    try {
      url = new URL(value);
    } catch {
      return { key: 'invalid.url' };
    }
    if (!/^(https?|wss?):$/.test(url.protocol)) return { key: 'invalid.url' };
    return url.username || url.password || url.search ? { key: 'invalid.urlSecret' } : undefined;
  },
  languages: (value) =>
    value.split(',').every((code) => /^\s*[a-z]{2,3}(-[\w]{2,8})*\s*$/i.test(code))
      ? undefined
      : { key: 'invalid.languages' },
  headers: (value) =>
    value.split('\n').every((line) => /^\s*([\w!#$%&'*+.^`|~-]+\s*:.*)?$/.test(line))
      ? undefined
      : { key: 'invalid.headers' },
  serviceAccount(value) {
    const account = objectOf(value) as { type?: unknown } | undefined;
    return typeof account?.type === 'string' ? undefined : { key: 'invalid.serviceAccount' };
  },
};

/** Why a value does not fit its field; undefined when it does, or is empty, or comes from the environment. */
export function problemOf(field: Field, value: unknown): Problem | undefined {
  const written = value === undefined || value === null ? '' : String(value).trim();
  if (written === '') return field.needed ? { key: 'invalid.missing' } : undefined;
  if (written === KEPT || /^\$\{\S+\}$/.test(written)) return undefined;
  const { kind, min = -Infinity, max = Infinity, options, form } = field;
  if (kind === 'number' || kind === 'whole') {
    const n = typeof value === 'boolean' ? NaN : Number(written);
    const values = { min: String(min), max: String(max) };
    if (!(n >= min && n <= max)) return { key: 'invalid.number', values };
    return kind === 'whole' && !Number.isInteger(n) ? { key: 'invalid.whole', values } : undefined;
  }
  if (kind === 'select' && !options?.includes(written))
    return { key: 'invalid.option', values: { value: written.slice(0, 40) } };
  if (kind === 'json' && !objectOf(written)) return { key: 'invalid.json' };
  return form && FORMS[form](written);
}

function objectOf(text: string): object | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}
