/**
 * Writes web/api/types.ts from the server's OpenAPI 3.1 description.
 *
 *   node scripts/generate-api.ts openapi.json          writes the types
 *   node scripts/generate-api.ts openapi.json --check  only tells (exit 1) whether they are up to date
 *
 * The web gets its types from the contract that others get too, never from the server's own source.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const TARGET = new URL('../web/api/types.ts', import.meta.url);
const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

interface Schema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  description?: string;
}

interface Content {
  content?: Record<string, { schema?: Schema }>;
}

interface Operation {
  parameters?: { in: string; name: string; required?: boolean; schema?: Schema }[];
  requestBody?: Content;
  responses?: Record<string, Content>;
}

interface OpenApi {
  paths: Record<string, Partial<Record<(typeof METHODS)[number], Operation>>>;
  components?: { schemas?: Record<string, Schema> };
}

/** The text of web/api/types.ts for one description: the operations, and every named schema they reach. */
export function typesOf(api: OpenApi): string {
  const schemas = api.components?.schemas ?? {};
  const reached = new Set<string>();

  const typeOf = (schema: Schema | undefined, indent: string): string => {
    if (schema === undefined) return 'unknown';
    if (schema.$ref !== undefined) {
      const name = schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1);
      reached.add(name);
      return name;
    }
    if (schema.const !== undefined) return literal(schema.const);
    if (schema.enum !== undefined) return schema.enum.map(literal).join(' | ');
    const choice = schema.anyOf ?? schema.oneOf;
    if (choice !== undefined) return [...new Set(choice.map((one) => typeOf(one, indent)))].join(' | ');
    if (schema.allOf !== undefined) return schema.allOf.map((one) => typeOf(one, indent)).join(' & ');
    if (Array.isArray(schema.type)) {
      return schema.type.map((type) => typeOf({ ...schema, type }, indent)).join(' | ');
    }
    if (schema.type === 'array') return arrayOf(typeOf(schema.items, indent));
    if (schema.type === 'object') return objectOf(schema, indent);
    return (
      { string: 'string', integer: 'number', number: 'number', boolean: 'boolean', null: 'null' }[
        schema.type ?? ''
      ] ?? 'unknown'
    );
  };

  const objectOf = (schema: Schema, indent: string): string => {
    const fields = Object.entries(schema.properties ?? {});
    if (fields.length === 0) {
      const rest = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
      return `Record<string, ${typeOf(rest, indent)}>`;
    }
    const inner = `${indent}  `;
    const lines = fields.flatMap(([name, field]) => {
      const mark = schema.required?.includes(name) === true ? '' : '?';
      const note = field.description === undefined ? [] : [`${inner}/** ${field.description} */`];
      return [...note, `${inner}${key(name)}${mark}: ${typeOf(field, inner)};`];
    });
    return `{\n${lines.join('\n')}\n${indent}}`;
  };

  const operations = Object.entries(api.paths).flatMap(([path, byMethod]) =>
    METHODS.flatMap((method) => {
      const operation = byMethod[method];
      if (operation === undefined || !path.startsWith('/api/')) return [];
      const parts = [
        ['path', parametersOf(operation, 'path')],
        ['query', parametersOf(operation, 'query')],
        ['body', jsonOf(operation.requestBody)],
      ] as const;
      const asked = parts.flatMap(([part, schema]) =>
        schema === undefined ? [] : [`    ${part}: ${typeOf(schema, '    ')};`],
      );
      const answers = Object.entries(operation.responses ?? {})
        .filter(([status]) => status.startsWith('2'))
        .map(([, answer]) => jsonOf(answer))
        .map((schema) => (schema === undefined ? 'void' : typeOf(schema, '    ')));
      const answer = [...new Set(answers)].join(' | ') || 'void';
      return [
        `  '${method.toUpperCase()} ${path}': {\n${[...asked, `    answer: ${answer};`].join('\n')}\n  };`,
      ];
    }),
  );

  const named: string[] = [];
  for (const name of reached) named.push(`export type ${name} = ${typeOf(schemas[name], '')};`);

  return (
    [
      '// Written by scripts/generate-api.ts from /openapi.json. Change the server, then run it again.',
      `export interface Operations {\n${operations.join('\n')}\n}`,
      ...named.sort(),
    ].join('\n\n') + '\n'
  );
}

function parametersOf(operation: Operation, place: string): Schema | undefined {
  const here = (operation.parameters ?? []).filter((parameter) => parameter.in === place);
  if (here.length === 0) return undefined;
  return {
    type: 'object',
    properties: Object.fromEntries(here.map(({ name, schema }) => [name, schema ?? {}])),
    required: here.filter(({ required }) => required === true).map(({ name }) => name),
  };
}

function jsonOf(content: Content | undefined): Schema | undefined {
  return content?.content?.['application/json']?.schema;
}

function arrayOf(item: string): string {
  return /^[\w.]+$/.test(item) ? `${item}[]` : `(${item})[]`;
}

function literal(value: unknown): string {
  return typeof value === 'string' ? `'${value.replaceAll("'", "\\'")}'` : String(value);
}

function key(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : `'${name}'`;
}

if (import.meta.main) {
  const [file, flag] = process.argv.slice(2);
  if (file === undefined) {
    console.error('usage: node scripts/generate-api.ts openapi.json [--check]');
    process.exit(2);
  }
  const text = typesOf(JSON.parse(readFileSync(file, 'utf8')) as OpenApi);
  if (flag === '--check') {
    const same = readFileSync(TARGET, 'utf8') === text;
    console.log(
      same ? 'web/api/types.ts is up to date' : 'web/api/types.ts is out of date: run it without --check',
    );
    process.exit(same ? 0 : 1);
  }
  writeFileSync(TARGET, text);
  console.log(`web/api/types.ts: ${text.split('\n').length} lines`);
}
