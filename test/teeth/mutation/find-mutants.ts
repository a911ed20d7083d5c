import { parseSync } from 'vite';
import { isNode, type SyntaxNode } from '../../tidy/tree.ts';
import type { Mutant } from './mutant.ts';

/** What may be said in other words without any money going elsewhere: messages, names of transactions, histories' verbs. */
const words = new Set(['detail', 'reason', 'rule', 'field', 'happening', 'actor', 'requestedBy']);
const speakers = new Set([
  'refuse',
  'invalidInput',
  'Error',
  'RangeError',
  'Conflict',
  'warn',
  'info',
  'error',
]);
const named = new Set(['transact', 'underLease', 'push']);

const turned: Readonly<Record<string, readonly string[]>> = {
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '+': ['-'],
  '-': ['+'],
  '*': ['/'],
  '/': ['*'],
  '%': ['*'],
  '+=': ['-='],
  '-=': ['+='],
};
const swapped = new Map([
  ['some', 'every'],
  ['every', 'some'],
  ['min', 'max'],
  ['max', 'min'],
]);

interface Place extends SyntaxNode {
  start: number;
  end: number;
}

/** Every mutant of one file, in the order of its text; ids count on from `firstId`. */
export function findMutants(file: string, source: string, firstId: number): Mutant[] {
  const { program, errors } = parseSync(file, source);
  if (errors[0] !== undefined) throw new SyntaxError(`${file}: ${errors[0].message}`);
  return new Finder(file, source, firstId).find(program);
}

class Finder {
  readonly #file: string;
  readonly #source: string;
  readonly #mutants: Mutant[] = [];
  /** Where living code reads a name. */
  readonly #reads = new Map<string, { start: number; end: number }[]>();
  readonly #firstId: number;

  constructor(file: string, source: string, firstId: number) {
    this.#file = file;
    this.#source = source;
    this.#firstId = firstId;
  }

  find(program: unknown): Mutant[] {
    if (isPlace(program)) this.#walk(program, false);
    // A constant that nothing here reads is another file's to feel.
    const felt = this.#mutants.filter(({ way, uses }) => way !== 'constant' || (uses ?? []).length > 0);
    return felt.map((mutant, at) => ({ ...mutant, id: this.#firstId + at }));
  }

  /** `lives` is false for what runs once, when the module is loaded. */
  #walk(node: Place, lives: boolean): void {
    if (isSaid(node)) return;
    if (lives && node.type === 'Identifier') this.#readsOf(String(node.name)).push(node);
    const inside = lives || /Function/.test(node.type);
    if (lives) this.#mutateLiving(node);
    else if (node.type === 'VariableDeclarator') this.#mutateConstant(node);
    else if (node.type === 'Property') this.#mutateCell(node);
    for (const [field, child] of childrenOf(node)) {
      if (isQuiet(node, field, child)) continue;
      this.#walk(child, inside);
    }
  }

  #mutateLiving(node: Place): void {
    switch (node.type) {
      case 'BinaryExpression':
        return this.#operator(node);
      case 'AssignmentExpression':
        if (turned[String(node.operator)] !== undefined) this.#operator(node);
        return;
      case 'LogicalExpression':
        return this.#operands(node);
      case 'UnaryExpression':
        if (node.operator === '!' || node.operator === '-') this.#add(node, this.#textOf(node.argument));
        return;
      case 'IfStatement':
      case 'ConditionalExpression':
        return this.#decision(node.test);
      case 'ForStatement':
      case 'WhileStatement':
        if (isPlace(node.test)) this.#add(node.test, 'false');
        return;
      case 'ReturnStatement':
        if (decides(node.argument)) this.#decision(node.argument);
        return;
      case 'BlockStatement':
        return this.#statements(node);
      case 'ChainExpression':
        return this.#chain(node);
      case 'CallExpression':
        return this.#method(node);
      case 'Literal':
        return this.#literal(node);
      default:
    }
  }

  #operator(node: Place): void {
    const { left, right, operator } = node;
    if (!isPlace(left) || !isPlace(right) || isText(left) || isText(right)) return;
    for (const other of turned[String(operator)] ?? []) {
      this.#add(node, `${this.#textOf(left)} ${other} ${this.#textOf(right)}`);
    }
  }

  /** Each half of an `&&`, `||` or `??` must matter. */
  #operands({ left, right, ...node }: Place): void {
    if (isPlace(left) && isPlace(right)) {
      this.#add(node, this.#textOf(left));
      this.#add(node, this.#textOf(right));
    }
  }

  #decision(test: unknown): void {
    if (!isPlace(test)) return;
    this.#add(test, 'true');
    this.#add(test, 'false');
  }

  /** What is done and not asked for; a `return` that something follows. */
  #statements(block: Place): void {
    const body = (Array.isArray(block.body) ? block.body : []).filter(isPlace);
    for (const statement of body) {
      const acts = statement.type === 'ExpressionStatement' && !isSaid(statement);
      const leaves = /^(Return|Break|Continue)/.test(statement.type) && statement !== body.at(-1);
      if (acts || leaves) this.#add(statement, '', 'statement');
    }
  }

  #chain(chain: Place): void {
    const text = this.#textOf(chain);
    const at = text.indexOf('?.');
    if (at === -1 || text.indexOf('?.', at + 1) !== -1) return;
    const rest = text.slice(at + 2);
    this.#add(chain, text.slice(0, at) + (/^[[(]/.test(rest) ? rest : `.${rest}`));
  }

  /** The whole call, since a method that is chosen before it is called forgets whose it is. */
  #method(call: Place): void {
    const { callee } = call;
    if (!isPlace(callee) || callee.type !== 'MemberExpression' || !isPlace(callee.property)) return;
    const other = swapped.get(String(callee.property.name));
    if (other === undefined) return;
    const before = this.#source.slice(call.start, callee.property.start);
    this.#add(call, before + other + this.#source.slice(callee.property.end, call.end));
  }

  #literal(node: Place): void {
    const to = otherLiteral(node, this.#textOf(node));
    if (to !== undefined) this.#add(node, to);
  }

  /** A constant of the module: the mutant changes what its uses see. */
  #mutateConstant({ id, init }: Place): void {
    if (!isPlace(init) || !isNode(id) || id.type !== 'Identifier') return;
    const uses = this.#readsOf(String(id.name));
    for (const to of otherConstants(init, this.#textOf(init))) this.#add(init, to, 'constant', uses);
  }

  #readsOf(name: string): { start: number; end: number }[] {
    const reads = this.#reads.get(name) ?? [];
    this.#reads.set(name, reads);
    return reads;
  }

  /** A table that is made once: its cells are words, or names of words. */
  #mutateCell({ value }: Place): void {
    if (!isPlace(value)) return;
    const text = this.#textOf(value);
    if (value.type === 'Identifier') {
      if (text === 'stay' || text === 'illegal')
        this.#add(value, text === 'stay' ? 'illegal' : 'stay', 'cell');
    } else if (value.type === 'Literal' && typeof value.value === 'string') this.#add(value, 'stay', 'cell');
  }

  #add(
    { start, end }: Pick<Place, 'start' | 'end'>,
    to: string,
    way: Mutant['way'] = 'expression',
    uses?: Mutant['uses'],
  ): void {
    const from = this.#source.slice(start, end);
    const before = this.#source.slice(0, start);
    const lineStart = before.lastIndexOf('\n') + 1;
    const lineEnd = this.#source.indexOf('\n', start);
    const text = this.#source.slice(lineStart, lineEnd === -1 ? undefined : lineEnd).trim();
    const twin = (one: Mutant): boolean =>
      one.text === text && one.from === oneLine(from) && one.to === oneLine(to);
    this.#mutants.push({
      id: 0,
      file: this.#file,
      line: before.split('\n').length,
      text,
      start,
      end,
      from: oneLine(from),
      to: oneLine(to),
      nth: this.#mutants.filter(twin).length + 1,
      way,
      ...(uses !== undefined && { uses }),
    });
  }

  #textOf(node: unknown): string {
    return isPlace(node) ? this.#source.slice(node.start, node.end) : '';
  }
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ');
}

function isPlace(value: unknown): value is Place {
  return isNode(value) && typeof value.start === 'number' && typeof value.end === 'number';
}

function* childrenOf(node: Place): Generator<[string, Place]> {
  for (const [field, value] of Object.entries(node)) {
    for (const child of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (isPlace(child)) yield [field, child];
    }
  }
}

/** Types, imports and what is only said. */
function isSaid(node: Place): boolean {
  if (/^(TSInterface|TSTypeA|TSTypeP|Import|ExportAll|TemplateLiteral|ThrowStatement)/.test(node.type))
    return true;
  if (node.type === 'Property') return isNode(node.key) && words.has(String(node.key.name));
  if (node.type === 'ExpressionStatement') return isPlace(node.expression) && isSaid(node.expression);
  if (node.type === 'AwaitExpression') return isPlace(node.argument) && isSaid(node.argument);
  if (node.type !== 'CallExpression' && node.type !== 'NewExpression') return false;
  return speakers.has(calledName(node));
}

function calledName({ callee }: SyntaxNode): string {
  if (!isNode(callee)) return '';
  const last = callee.type === 'MemberExpression' ? callee.property : callee;
  return isNode(last) ? String(last.name) : '';
}

/** Fields of a node whose words decide nothing by themselves: keys, cases, compared words, names of transactions. */
function isQuiet(node: Place, field: string, child: Place): boolean {
  if (node.type === 'CallExpression' && child.type === 'Literal') return named.has(calledName(node));
  if (field === 'typeAnnotation' || field === 'typeArguments' || field === 'returnType') return true;
  if (node.type === 'Property' && field === 'key') return true;
  if (node.type === 'SwitchCase' && field === 'test') return true;
  if (node.type === 'Property' && node.shorthand === true) return true;
  if (node.type === 'MemberExpression' && field === 'property' && node.computed !== true) return true;
  return false;
}

/** True where the value is a yes or a no by its form. */
function decides(node: unknown): boolean {
  if (!isPlace(node)) return false;
  if (node.type === 'BinaryExpression') return /^(?:[=!]==|[<>]=?)$/.test(String(node.operator));
  if (node.type === 'LogicalExpression') return node.operator !== '??' && decides(node.left);
  return node.type === 'UnaryExpression' && node.operator === '!';
}

function isText(node: Place): boolean {
  return node.type === 'TemplateLiteral' || (node.type === 'Literal' && typeof node.value === 'string');
}

function otherLiteral(node: Place, text: string): string | undefined {
  if (typeof node.value === 'boolean') return String(!node.value);
  if (typeof node.value === 'number') return String(node.value + 1);
  if (typeof node.value === 'bigint') return `${node.value + 1n}n`;
  if (typeof node.value === 'string') return text === "''" ? "'?'" : "''";
  return undefined;
}

function otherConstants(init: Place, text: string): string[] {
  if (init.type !== 'Literal' || text === "'stay'" || text === "'illegal'") return [];
  if (!('regex' in init) || init.regex === null || init.regex === undefined) {
    const other = otherLiteral(init, text);
    return other === undefined ? [] : [other];
  }
  const looser = [text.replace('/^', '/'), text.replace(/\$\/([a-z]*)$/, '/$1')];
  const counts = [...text.matchAll(/\{(\d+),(\d+)\}/g)].map(({ 0: whole, 1: low, 2: high, index }) => {
    const more = `{${low},${Number(high) + 1}}`;
    return text.slice(0, index) + more + text.slice(index + whole.length);
  });
  return [...looser, ...counts].filter((other) => other !== text);
}
