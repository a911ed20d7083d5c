/** What of an OpenAPI 3.1 description the fuzzer reads. */
export interface Schema {
  $ref?: string;
  type?: string;
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  maxItems?: number;
  format?: string;
}

interface Content {
  content?: Record<string, { schema?: Schema }>;
}

export interface Description {
  paths: Record<string, Record<string, OperationObject>>;
  components?: { schemas?: Record<string, Schema> };
}

interface OperationObject {
  parameters?: { in: string; name: string; schema?: Schema }[];
  requestBody?: Content;
  responses?: Record<string, Content>;
  security?: unknown[];
}

export interface Operation {
  /** `POST /api/v1/finance/bills` */
  name: string;
  method: string;
  path: string;
  parameters: { in: string; name: string; schema: Schema }[];
  body: Schema | undefined;
  /** By status; undefined where the answer is no JSON. */
  answers: Map<number, Schema | undefined>;
}

/** Every operation of the description but the channels' own, which speak no JSON of ours. */
export function operationsOf(description: Description): Operation[] {
  return Object.entries(description.paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(() => !path.includes('/notifications/'))
      .map(([method, operation]) => ({
        name: `${method.toUpperCase()} ${path}`,
        method: method.toUpperCase(),
        path,
        parameters: (operation.parameters ?? []).map((one) => ({ ...one, schema: one.schema ?? {} })),
        body: operation.requestBody?.content?.['application/json']?.schema,
        answers: new Map(
          Object.entries(operation.responses ?? {}).map(([status, answer]) => [
            Number(status),
            answer.content?.['application/json']?.schema,
          ]),
        ),
      })),
  );
}

export type Resolve = (schema: Schema) => Schema;

export function resolver(description: Description): Resolve {
  const named = description.components?.schemas ?? {};
  const resolve = (schema: Schema): Schema => {
    if (schema.$ref === undefined) return schema;
    const found = named[schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1)];
    if (found === undefined) throw new Error(`the description lacks ${schema.$ref}`);
    return resolve(found);
  };
  return resolve;
}

/** Where a value breaks its schema, in words; undefined where it does not. */
export function breach(value: unknown, given: Schema, resolve: Resolve, at = 'body'): string | undefined {
  const schema = resolve(given);
  if (schema.anyOf !== undefined) {
    const fits = schema.anyOf.some((one) => breach(value, one, resolve, at) === undefined);
    return fits ? undefined : `${at} is none of its kinds`;
  }
  if (schema.enum !== undefined) return schema.enum.includes(value) ? undefined : `${at} is not in its list`;
  switch (schema.type) {
    case 'object':
      return breachOfObject(value, schema, resolve, at);
    case 'array':
      if (!Array.isArray(value)) return `${at} is no array`;
      return value
        .map((one, index) => breach(one, schema.items ?? {}, resolve, `${at}[${index}]`))
        .find((found) => found !== undefined);
    case 'string':
      return breachOfText(value, schema, at);
    case 'integer':
      if (!Number.isSafeInteger(value)) return `${at} is no whole number`;
      if ((value as number) < (schema.minimum ?? -Infinity)) return `${at} is too small`;
      return (value as number) > (schema.maximum ?? Infinity) ? `${at} is too large` : undefined;
    case 'boolean':
      return typeof value === 'boolean' ? undefined : `${at} is neither true nor false`;
    case 'null':
      return value === null ? undefined : `${at} is not null`;
    default:
      return undefined;
  }
}

function breachOfObject(value: unknown, schema: Schema, resolve: Resolve, at: string): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return `${at} is no object`;
  const held = new Map(Object.entries(value));
  const missing = schema.required?.find((name) => !held.has(name));
  if (missing !== undefined) return `${at}.${missing} is missing`;
  return Object.entries(schema.properties ?? {})
    .filter(([name]) => held.has(name))
    .map(([name, one]) => breach(held.get(name), one, resolve, `${at}.${name}`))
    .find((found) => found !== undefined);
}

function breachOfText(value: unknown, schema: Schema, at: string): string | undefined {
  if (typeof value !== 'string') return `${at} is no text`;
  if (schema.format === 'date-time' && !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?Z$/.test(value))
    return `${at} is no instant`;
  if (schema.pattern !== undefined && !new RegExp(schema.pattern, 'u').test(value))
    return `${at} breaks its pattern`;
  return undefined;
}
