import clientSchema from './schema/client.json';
import serverSchema from './schema/server.json';

/** Type of one field, as the schema files write it. */
export type FieldType =
  string | { ref: string } | { array: FieldType } | { enum: string[] | string } | { map: boolean };

/** One field of a message type. */
export interface FieldDef {
  type: FieldType;
  /** Exists on Vertex AI only. */
  vertexOnly?: boolean;
  /** Exists on the Gemini API only. */
  devOnly?: boolean;
}

/** One schema file: every field of every message of one direction. */
export interface SchemaFile {
  /** Version of the official SDK the fields were taken from. */
  sdk: string;
  /** Name of the message that a frame holds. */
  root: string;
  defs: Record<string, Record<string, FieldDef>>;
}

/** Direction of a message: what the client sends, or what the server sends. */
export type MessageKind = 'client' | 'server';

/** The two schema files (official SDK 3.1.0). */
export const schemas: Readonly<Record<MessageKind, SchemaFile>> = {
  client: clientSchema as unknown as SchemaFile,
  server: serverSchema as unknown as SchemaFile,
};

/** A message type as a map: names such as `constructor` or `__proto__` must not find anything. */
export type TypeDef = ReadonlyMap<string, FieldDef>;

function compile(file: SchemaFile): ReadonlyMap<string, TypeDef> {
  return new Map(Object.entries(file.defs).map(([name, fields]) => [name, new Map(Object.entries(fields))]));
}

/** The message types of both directions by name. */
export const types: Readonly<Record<MessageKind, ReadonlyMap<string, TypeDef>>> = {
  client: compile(schemas.client),
  server: compile(schemas.server),
};

/** The schema calls the API's `Blob` "Blob_2" because the DOM has a `Blob` already. */
export function wireName(name: string): string {
  return name.replace(/_\d+$/, '');
}

/** Type of the values of a map field where they are messages; other maps hold free JSON. */
export function mapValueType(owner: string, field: string): string | undefined {
  return owner === 'Schema' && field === 'properties' ? 'Schema' : undefined;
}

/** `generationConfig` → `generation_config`: the service names fields this way in its close reasons. */
export function toSnake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** `generation_config` → `generationConfig`. */
export function toCamel(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_all, letter: string) => letter.toUpperCase());
}
