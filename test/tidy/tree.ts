import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path/posix';
import { parseSync } from 'vite';

/** A node of the syntax tree; what a law asks of one, it checks. */
export interface SyntaxNode {
  type: string;
  [field: string]: unknown;
}

/** What a law may ask about one source file. Types are left out where they say nothing at run time. */
export interface Module {
  /** The text between the quotes of every import, re-export and dynamic import, types included. */
  imports: string[];
  /** Every string and template text in the code, a template as one text with its holes as blanks. */
  texts: string[];
  nodes: SyntaxNode[];
}

/** The project as a law sees it: file names to their text, the same for the real one and a planted one. */
export class Tree {
  readonly files: ReadonlyMap<string, string>;
  readonly #parsed = new Map<string, Module>();

  constructor(files: Record<string, string> | ReadonlyMap<string, string>) {
    this.files = files instanceof Map ? files : new Map(Object.entries(files));
  }

  /** The names that match, in order. */
  names(pattern: RegExp): string[] {
    return [...this.files.keys()].filter((name) => pattern.test(name)).sort();
  }

  text(name: string): string {
    return this.files.get(name) ?? '';
  }

  has(name: string): boolean {
    return this.files.has(name);
  }

  json(name: string): Record<string, unknown> {
    const value: unknown = JSON.parse(this.files.get(name) ?? '{}');
    return value as Record<string, unknown>;
  }

  module(name: string): Module {
    const known = this.#parsed.get(name);
    if (known !== undefined) return known;
    const module = parse(name, this.text(name));
    this.#parsed.set(name, module);
    return module;
  }
}

/** Where a relative import of `from` leads, as a name in the tree. */
export function target(from: string, specifier: string): string {
  return join(dirname(from), specifier);
}

const NOT_OURS = new Set(['node_modules', '.git', '.cache', 'data', 'dist', 'coverage', 'test-results']);

/** Reads the working tree: what is there counts, whether or not it was committed yet. */
export function readTree(root: string): Tree {
  const files = new Map<string, string>();
  const walk = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (NOT_OURS.has(entry.name)) continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) walk(path);
      else if (entry.isFile()) files.set(relative(root, path), readFileSync(path, 'utf8'));
    }
  };
  walk(root);
  return new Tree(files);
}

function parse(name: string, text: string): Module {
  const { program, errors } = parseSync(name, text);
  const [error] = errors;
  if (error !== undefined) throw new SyntaxError(`${name}: ${error.message}`);
  const nodes = [...nodesOf(program)];
  return { nodes, imports: nodes.flatMap(importsOf), texts: nodes.flatMap(textsOf) };
}

/** Every node below `value`, itself first. */
export function* nodesOf(value: unknown): Generator<SyntaxNode> {
  if (typeof value !== 'object' || value === null) return;
  if (isNode(value)) yield value;
  for (const child of Object.values(value)) yield* nodesOf(child);
}

export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

function importsOf(node: SyntaxNode): string[] {
  if (!/^(Import|ExportNamed|ExportAll)Declaration$|^ImportExpression$|^TSImportType$/.test(node.type))
    return [];
  const source = node.source;
  return isNode(source) && typeof source.value === 'string' ? [source.value] : [];
}

function textsOf(node: SyntaxNode): string[] {
  if (node.type === 'Literal' && typeof node.value === 'string') return [node.value];
  if (node.type !== 'TemplateLiteral' || !Array.isArray(node.quasis)) return [];
  const pieces = node.quasis.map((quasi: unknown) => {
    const value = isNode(quasi) ? quasi.value : undefined;
    return typeof value === 'object' && value !== null && 'raw' in value ? String(value.raw) : '';
  });
  return [pieces.join(' ? ')];
}
