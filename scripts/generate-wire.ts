/**
 * Generates `src/protocol/wire.ts` (TypeScript types of every Live message) from `src/protocol/schema/*.json`.
 *
 *     npx tsx scripts/generate-wire.ts
 *
 * The schema files list the fields and types of the official SDK's messages; types written by hand beside them
 * would drift. `test/protocol/wire.test.ts` fails when the generated file is out of date.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { mapValueType, wireName, type FieldType, type SchemaFile } from '../src/protocol/schema';

const root = path.resolve(__dirname, '..');
const target = path.join(root, 'src/protocol/wire.ts');

/** TypeScript for one field type. Enums stay open: the service adds values before anyone hears of them. */
function typeText(type: FieldType, owner: string, field: string): string {
  if (typeof type === 'string') {
    if (type === 'int64-string') return 'string';
    return type.includes("'") ? `Open<${type}>` : type;
  }
  if ('ref' in type) return wireName(type.ref);
  if ('array' in type) {
    const item = typeText(type.array, owner, field);
    return /^\w+$/.test(item) ? `${item}[]` : `Array<${item}>`;
  }
  if ('enum' in type) {
    return Array.isArray(type.enum)
      ? `Open<${type.enum.map((value) => `'${value}'`).join(' | ')}>`
      : 'string';
  }
  return `Record<string, ${mapValueType(owner, field) ?? 'unknown'}>`;
}

/** The whole text of `wire.ts`, formatted. */
export async function generate(): Promise<string> {
  const files = ['client', 'server'].map(
    (name) =>
      JSON.parse(readFileSync(path.join(root, `src/protocol/schema/${name}.json`), 'utf8')) as SchemaFile,
  );
  const seen = new Map<string, string>();
  for (const file of files) {
    for (const [name, fields] of Object.entries(file.defs)) {
      const lines = Object.entries(fields).map(([field, def]) => {
        const only = def.vertexOnly
          ? '  /** Vertex AI only. */\n'
          : def.devOnly
            ? '  /** Gemini API only. */\n'
            : '';
        return `${only}  ${field}?: ${typeText(def.type, name, field)};`;
      });
      const text =
        lines.length > 0
          ? `export interface ${wireName(name)} {\n${lines.join('\n')}\n}\n`
          : `export type ${wireName(name)} = Record<string, never>;\n`;
      const before = seen.get(name);
      if (before !== undefined && before !== text)
        throw new Error(`${name} differs between the two schema files`);
      seen.set(name, text);
    }
  }
  const header = `/**
 * Types of every message of the Live protocol. Generated, do not edit: \`npx tsx scripts/generate-wire.ts\`
 * makes it from \`schema/client.json\` and \`schema/server.json\` (fields and types of @google/genai ${files[0]?.sdk}).
 *
 * Every field is optional, as in proto3. Durations are strings ("9.5s"), int64 are decimal strings, bytes are base64.
 */

/** An enum that may grow: known values are suggested, unknown ones pass. */
export type Open<T extends string> = T | (string & Record<never, never>);
`;
  const prettier = await import('prettier');
  const options = (await prettier.resolveConfig(target)) ?? {};
  return prettier.format([header, ...seen.values()].join('\n'), { ...options, parser: 'typescript' });
}

if (require.main === module) {
  void generate().then((text) => {
    writeFileSync(target, text);
    console.log(`wrote ${path.relative(root, target)}`);
  });
}
