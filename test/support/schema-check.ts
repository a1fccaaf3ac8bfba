import clientSchema from '../../src/protocol/schema/client.json';
import serverSchema from '../../src/protocol/schema/server.json';

/*
 * A second, independent check of messages against the schema files, so that a mistake in `checkMessage` cannot hide a
 * mistake of the server. It knows camelCase only, exactly as the service writes it.
 */

interface Field {
  type: unknown;
  vertexOnly?: boolean;
  devOnly?: boolean;
}
interface Schema {
  root: string;
  defs: Record<string, Record<string, Field>>;
}
type Options = { backend?: 'gemini' | 'vertex' };

const schemas = { server: serverSchema as unknown as Schema, client: clientSchema as unknown as Schema };

/* eslint-disable @typescript-eslint/no-explicit-any -- it walks data of every shape */
function checkType(type: any, value: any, path: string, s: Schema, o: Options, out: string[]): void {
  if (typeof type === 'string') {
    if (type === 'unknown' || type === "'NULL_VALUE'") return;
    if (type === 'int64-string') {
      if (!/^-?\d+$/.test(String(value))) out.push(`${path}: not an int64: ${JSON.stringify(value)}`);
      return;
    }
    if (type === 'string' || type === 'number' || type === 'boolean') {
      if (typeof value !== type)
        out.push(`${path}: expected ${type}, got ${JSON.stringify(value)?.slice(0, 40)}`);
      return;
    }
    if (typeof value !== 'string') out.push(`${path}: expected a string of ${type}`);
    return;
  }
  if (type.ref) return checkObject(type.ref, value, path, s, o, out);
  if (type.enum) {
    if (typeof value !== 'string') out.push(`${path}: expected an enum string`);
    else if (Array.isArray(type.enum) && !type.enum.includes(value))
      out.push(`${path}: unknown enum value ${value}`);
    return;
  }
  if (type.array) {
    if (!Array.isArray(value)) out.push(`${path}: expected an array`);
    else value.forEach((item, i) => checkType(type.array, item, `${path}[${i}]`, s, o, out));
    return;
  }
  if (type.map && (!value || typeof value !== 'object')) out.push(`${path}: expected a map`);
}

function checkObject(name: string, value: any, path: string, s: Schema, o: Options, out: string[]): void {
  const def = s.defs[name];
  if (!def) return;
  if (!value || typeof value !== 'object' || Array.isArray(value)) {
    out.push(`${path}: expected an object ${name}`);
    return;
  }
  for (const [key, item] of Object.entries(value)) {
    const field = def[key];
    if (!field) {
      out.push(`${path}.${key}: unknown field of ${name}`);
      continue;
    }
    if (o.backend === 'gemini' && field.vertexOnly) out.push(`${path}.${key}: Vertex only`);
    if (o.backend === 'vertex' && field.devOnly) out.push(`${path}.${key}: Gemini API only`);
    checkType(field.type, item, `${path}.${key}`, s, o, out);
  }
}

/* eslint-enable @typescript-eslint/no-explicit-any */

const check =
  (kind: 'server' | 'client') =>
  (message: unknown, options: Options = {}): string[] => {
    const out: string[] = [];
    checkObject(schemas[kind].root, message, '$', schemas[kind], options, out);
    return out;
  };

/** Problems of a server message: unknown fields, wrong types, unknown enum values. */
export const checkServer = check('server');
/** Problems of a client message. */
export const checkClient = check('client');
