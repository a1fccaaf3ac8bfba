import {
  mapValueType,
  toCamel,
  toSnake,
  types,
  type FieldDef,
  type FieldType,
  type MessageKind,
} from './schema';

/** Something in a message that the schema does not know. */
export interface Problem {
  kind: 'unknown-field' | 'wrong-type' | 'unknown-enum' | 'wrong-backend';
  /** Where, in the service's own notation: `setup.tools[0].function_declarations[1]`, empty at the top level. */
  path: string;
  /** The field as the sender spelled it. */
  name: string;
  /** The sentence with which the service closes (1007) for this problem. */
  message: string;
  /** What stood there. */
  value: unknown;
}

/** How {@link walk} treats a message. */
export interface WalkOptions {
  kind: MessageKind;
  /** Change the message in place: camelCase names, own spellings, no nulls, no value of a wrong type. */
  normalise?: boolean;
  /** Report fields of the other backend. */
  backend?: 'gemini' | 'vertex';
  report?: (problem: Problem) => void;
}

type Fields = Record<string, unknown>;

/** A message nested deeper than this is hostile; no known message comes near it. */
const MAX_DEPTH = 100;
/** A hostile message may be wrong in a million places; the first few tell the story. */
const MAX_REPORTS = 20;

/** Vertex AI's names for fields that the Gemini API names otherwise (official SDK, `liveServerMessageFromVertex`). */
const ALIASES: Readonly<Record<string, ReadonlyMap<string, string>>> = {
  UsageMetadata: new Map([
    ['candidatesTokenCount', 'responseTokenCount'],
    ['candidatesTokensDetails', 'responseTokensDetails'],
  ]),
  VoiceActivity: new Map([['type', 'voiceActivityType']]),
};

/** A JSON object, neither array nor null. */
export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

class Walker {
  private readonly path: Array<string | number> = [];
  private reports = 0;

  constructor(private readonly options: WalkOptions) {}

  object(typeName: string, object: Fields): void {
    const def = types[this.options.kind].get(typeName);
    if (!def) return;
    for (const key of Object.keys(object)) {
      const value = object[key];
      const name = def.has(key) ? key : this.spelling(typeName, key);
      const field = def.get(name);
      if (!field) {
        this.report('unknown-field', key, value, 'Cannot find field.');
        continue;
      }
      if (name !== key && this.options.normalise) {
        delete object[key];
        if (Object.hasOwn(object, name)) continue; // both spellings: the canonical one counts
        object[name] = value;
      }
      this.field(typeName, object, name, field, value);
    }
  }

  private field(typeName: string, object: Fields, name: string, field: FieldDef, value: unknown): void {
    const { backend, normalise } = this.options;
    if (value === null || value === undefined) {
      // proto3 JSON: null is the same as absent.
      if (normalise) delete object[name];
      return;
    }
    if ((backend === 'gemini' && field.vertexOnly) || (backend === 'vertex' && field.devOnly)) {
      this.report('wrong-backend', name, value, 'Cannot find field.');
    }
    this.path.push(name);
    const result =
      this.path.length > MAX_DEPTH
        ? this.wrong('nested too deeply', value)
        : this.value(field.type, value, typeName, name);
    this.path.pop();
    if (!normalise) return;
    if (result === undefined) delete object[name];
    else object[name] = result;
  }

  /** The value as it should stand, or undefined where it cannot stand at all. */
  private value(type: FieldType, value: unknown, owner: string, name: string): unknown {
    if (typeof type === 'string') return this.scalar(type, value, name);
    if ('ref' in type) {
      if (!isObject(value)) return this.wrong(`type.googleapis.com/${type.ref}`, value);
      this.object(type.ref, value);
      return value;
    }
    if ('array' in type) return this.list(type.array, value, owner, name);
    if ('enum' in type) {
      if (typeof value !== 'string') return this.wrong('TYPE_ENUM', value);
      if (Array.isArray(type.enum) && !type.enum.includes(value))
        this.wrong('TYPE_ENUM', value, 'unknown-enum');
      return value;
    }
    if (!isObject(value)) return this.wrong('TYPE_MESSAGE', value);
    const valueType = mapValueType(owner, name);
    if (valueType) {
      Object.values(value).forEach((item, index) => {
        this.path.push(index, 'value');
        if (this.path.length > MAX_DEPTH) this.wrong('nested too deeply', item);
        else if (isObject(item)) this.object(valueType, item);
        else this.wrong('TYPE_MESSAGE', item);
        this.path.length -= 2;
      });
    }
    return value;
  }

  private list(type: FieldType, value: unknown, owner: string, name: string): unknown {
    if (!Array.isArray(value)) return this.wrong('TYPE_LIST', value);
    let bad = false;
    value.forEach((item: unknown, index) => {
      this.path.push(index);
      const result = this.value(type, item, owner, name);
      this.path.pop();
      if (result === undefined) bad = true;
      if (this.options.normalise) value[index] = result;
    });
    return bad && this.options.normalise ? value.filter((item) => item !== undefined) : value;
  }

  private scalar(type: string, value: unknown, name: string): unknown {
    switch (type) {
      case 'unknown':
        return value;
      case 'int64-string':
        // proto3 JSON writes int64 as a decimal string and accepts a number.
        if (typeof value === 'number' && Number.isInteger(value)) return String(value);
        return typeof value === 'string' && /^-?\d+$/.test(value) ? value : this.wrong('TYPE_INT64', value);
      case 'number':
        if (typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value)))
          return Number(value);
        return typeof value === 'number' ? value : this.wrong('TYPE_DOUBLE', value);
      case 'boolean':
        return typeof value === 'boolean' ? value : this.wrong('TYPE_BOOL', value);
      default:
        if (typeof value !== 'string') return this.wrong('TYPE_STRING', value);
        return this.options.normalise && name === 'data' ? standardBase64(value) : value;
    }
  }

  private spelling(typeName: string, key: string): string {
    const camel = key.includes('_') ? toCamel(key) : key;
    return (this.options.normalise ? ALIASES[typeName]?.get(camel) : undefined) ?? camel;
  }

  /** Reports a value that cannot stand; returns undefined so that the caller can return it. */
  private wrong(expected: string, value: unknown, kind: Problem['kind'] = 'wrong-type'): undefined {
    const name = String(this.path.at(-1) ?? '');
    this.emit({
      kind,
      path: this.place(),
      name,
      value,
      message: `Invalid value at '${this.place()}' (${expected}), ${excerpt(value)}`,
    });
    return undefined;
  }

  private report(kind: Problem['kind'], name: string, value: unknown, what: string): void {
    const path = this.place();
    const at = path ? ` at '${path}'` : '';
    const shown = name.length > 60 ? `${name.slice(0, 60)}…` : name;
    const message = `Invalid JSON payload received. Unknown name "${shown}"${at}: ${what}`;
    this.emit({ kind, path, name, value, message });
  }

  private emit(problem: Problem): void {
    if (!this.options.report || ++this.reports > MAX_REPORTS) return;
    this.options.report(problem);
  }

  private place(): string {
    return this.path.reduce<string>((text, step) => {
      if (typeof step === 'number') return `${text}[${step}]`;
      return text ? `${text}.${toSnake(step)}` : toSnake(step);
    }, '');
  }
}

function excerpt(value: unknown): string {
  if (typeof value === 'object')
    return Array.isArray(value) ? 'a list' : value === null ? 'null' : 'an object';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

/** The Python side of the service writes url-safe base64; both are legal proto3 JSON. */
function standardBase64(data: string): string {
  if (!data.includes('-') && !data.includes('_')) return data;
  return data.replaceAll('-', '+').replaceAll('_', '/');
}

/** Walks one message along the schema. */
export function walk(typeName: string, message: Fields, options: WalkOptions): void {
  new Walker(options).object(typeName, message);
}
