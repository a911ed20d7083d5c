import type { SyntaxNode, Tree } from './tree.ts';
import { isNode, nodesOf, target } from './tree.ts';

/**
 * One law of the architecture. `broken` is a small tree that breaks it: a law that cannot say no to its
 * own example would not be a law, and the test asks.
 */
export interface Law {
  truth: string;
  /** Each breach in words, with its file first; none when the tree keeps the law. */
  breaches(tree: Tree): string[];
  broken: Record<string, string>;
}

const TEST = /\.test\.tsx?$/;
const CODE = /^(src|simulator|web|test|scripts|bench)\/.*\.tsx?$/;

/** The names of source files below `folder`, tests left out. */
function codeOf(tree: Tree, folder: RegExp): string[] {
  return tree.names(CODE).filter((name) => folder.test(name) && !TEST.test(name));
}

/** Every import of every file, as [file, what it asks for]. */
function importsOf(tree: Tree, names: readonly string[]): [string, string][] {
  return names.flatMap((name) =>
    tree.module(name).imports.map((specifier): [string, string] => [name, specifier]),
  );
}

const isRelative = (specifier: string): boolean => specifier.startsWith('.');
const inTrees = (name: string, specifier: string): string =>
  isRelative(specifier) ? target(name, specifier) : specifier;

/** `src/channel/alipay/sign.ts` belongs to `channel`; the files of src itself and the command line are one. */
function partOf(name: string): string {
  const part = /^src\/([^/]+)\//.exec(name)?.[1];
  return part === undefined || part === 'cli' ? 'the programs' : part;
}

const partsMeetAtDoors: Law = {
  truth: 'the parts of src meet only at the doors that package.json lists',
  breaches(tree) {
    return importsOf(tree, tree.names(/^src\/.*\.ts$/))
      .filter(([name, specifier]) => {
        if (!isRelative(specifier)) return false;
        const there = target(name, specifier);
        // A test may use what test/ keeps for all of them.
        if (TEST.test(name) && there.startsWith('test/')) return false;
        return !there.startsWith('src/') || partOf(there) !== partOf(name);
      })
      .map(([name, specifier]) => `${name}: ${specifier} leaves its part; knock at a door`);
  },
  broken: { 'src/refund/send.ts': "import { settle } from '../bill/settle-bill.ts';" },
};

const doorsLeadSomewhere: Law = {
  truth: 'every door in package.json leads somewhere',
  breaches(tree) {
    const doors = Object.entries(tree.json('package.json').imports ?? {});
    return doors
      .filter(([, path]) => {
        const [before = '', after] = String(path).replace('./', '').split('*');
        if (after === undefined) return !tree.has(before);
        return !tree.names(/./).some((name) => name.startsWith(before) && name.endsWith(after));
      })
      .map(([door, path]) => `package.json: ${door} leads to ${String(path)}, which is not there`);
  },
  broken: { 'package.json': '{"imports": {"#money": "./src/money/index.ts"}}' },
};

/** A statement, not a sentence that begins with "Select": its first word is in one case throughout. */
const STATEMENT =
  /^\s*(?:select\s[^]+\sfrom\s|insert\s+(?:ignore\s+)?into\s|update\s+\S+\s+set\s|delete\s+from\s|(?:create|alter|drop)\s+(?:unique\s+)?(?:table|index)\s|pragma\s|vacuum\b)/i;
const isSql = (text: string): boolean => STATEMENT.test(text) && /^\s*(?:[a-z]+|[A-Z]+)\b/.test(text);

const sqlHasOneHome: Law = {
  truth: 'SQL is written in src/store and a database driver is opened nowhere else',
  breaches(tree) {
    const names = codeOf(tree, /^src\/(?!store\/)/);
    const texts = names.flatMap((name) =>
      tree
        .module(name)
        .texts.filter(isSql)
        .map((text) => `${name}: ${text.trim().slice(0, 60)}`),
    );
    const drivers = importsOf(tree, names)
      .filter(([, specifier]) => /^(node:sqlite|mysql2?|mysql2\/.*)$/.test(specifier))
      .map(([name, specifier]) => `${name}: imports ${specifier}`);
    return [...texts, ...drivers];
  },
  broken: {
    'src/bill/read.ts': 'export const read = (id: string) => `select id from bills where id = ${id}`;',
    'src/cli/backup.ts': "import { backup } from 'node:sqlite';",
  },
};

const edgesSeeNoRows: Law = {
  truth: 'what faces outward (routes, command line, channels) asks the parts and never the tables',
  breaches(tree) {
    return importsOf(tree, codeOf(tree, /^src\/(http\/(routes|schemas|patient)|cli|channel)\//))
      .filter(([, specifier]) => specifier.startsWith('#sql'))
      .map(([name, specifier]) => `${name}: imports ${specifier}`);
  },
  broken: { 'src/http/routes/bills.ts': "import { billById } from '#sql/bills';" },
};

const simulatorStandsAlone: Law = {
  truth: 'the simulator and the product know each other only over HTTP',
  breaches(tree) {
    const crossings = (folder: RegExp, forbidden: RegExp): string[] =>
      importsOf(tree, tree.names(folder))
        .filter(([name, specifier]) => forbidden.test(inTrees(name, specifier)))
        .map(([name, specifier]) => `${name}: imports ${specifier}`);
    return [...crossings(/^simulator\/.*\.ts$/, /^(src\/|#)/), ...crossings(/^src\/.*\.ts$/, /^simulator\//)];
  },
  broken: {
    'simulator/alipay/pay.ts': "import { fen } from '#money';",
    'src/app.ts': "import { simulator } from '../simulator/index.ts';",
  },
};

const webSeesMoneyAndStates: Law = {
  truth: 'the web knows nothing of src but #money and the states doors',
  breaches(tree) {
    return importsOf(tree, tree.names(/^web\/.*\.tsx?$/))
      .filter(([name, specifier]) =>
        specifier.startsWith('#')
          ? !/^#(money|[a-z]+\/states)$/.test(specifier)
          : isRelative(specifier) && !target(name, specifier).startsWith('web/'),
      )
      .map(([name, specifier]) => `${name}: imports ${specifier}`);
  },
  broken: { 'web/pages/bill.tsx': "import { openSession } from '#session';" },
};

const PICKED_UP = new Set([
  'setTimeout',
  'setInterval',
  'fetch',
  'randomBytes',
  'randomInt',
  'randomUUID',
  'getRandomValues',
]);
const PICKED_UP_FROM: Record<string, readonly string[]> = {
  Date: ['now'],
  performance: ['now', 'timeOrigin'],
  Math: ['random'],
  crypto: ['randomUUID', 'getRandomValues'],
  AbortSignal: ['timeout'],
  globalThis: ['fetch', 'setTimeout', 'setInterval'],
};
const NETWORK = /^(undici|node:https|node:dns(\/promises)?|node:timers\/promises)$/;

const timeAndChanceArePassedIn: Law = {
  truth: 'time, chance and the network are passed in: World in src, Kernel in the simulator, nowhere else',
  breaches(tree) {
    const names = codeOf(tree, /^(src\/(?!world\/)|simulator\/(?!kernel\/))/);
    return names.flatMap((name) => {
      const { nodes, imports } = tree.module(name);
      const uses = [...pickedUp(nodes), ...imports.filter((specifier) => NETWORK.test(specifier))];
      return uses.map((use) => `${name}: ${use}`);
    });
  },
  broken: {
    'src/session/a.ts': 'export const at = () => Date.now();',
    'src/session/b.ts': 'export const at = () => new Date();',
    'src/session/c.ts': 'export const wait = { timer: setTimeout };',
    'src/session/d.ts': "import { randomUUID } from 'node:crypto';",
    'src/session/e.ts': "export const ask = () => fetch('https://example.com');",
    'simulator/wechat/f.ts': 'export const luck = () => Math.random();',
  },
};

/** What in these nodes takes time, chance or the network without asking. */
function pickedUp(nodes: readonly SyntaxNode[]): string[] {
  const merelyNames = new Set(nodes.map(nameIn));
  return nodes.flatMap((node) => {
    if (node.type === 'Identifier' && !merelyNames.has(node)) {
      return PICKED_UP.has(String(node.name)) ? [String(node.name)] : [];
    }
    if (node.type === 'MemberExpression') {
      const [from, what] = [nameOf(node.object), nameOf(node.property)];
      return PICKED_UP_FROM[from]?.includes(what) === true ? [`${from}.${what}`] : [];
    }
    const isNow = node.type === 'NewExpression' && isEmpty(node.arguments);
    return isNow && nameOf(node.callee) === 'Date' ? ['new Date()'] : [];
  });
}

/** The identifier in a node that names a field and not a thing: `kernel.fetch`, `{ fetch: … }`. */
function nameIn(node: SyntaxNode): unknown {
  if (node.computed === true) return undefined;
  if (node.type === 'MemberExpression') return node.property;
  return node.shorthand === true ? undefined : node.key;
}

const nameOf = (node: unknown): string => (isNode(node) && typeof node.name === 'string' ? node.name : '');
const isEmpty = (list: unknown): boolean => Array.isArray(list) && list.length === 0;

const configurationIsReadOnce: Law = {
  truth: 'the environment is read by src/config and the programs, and by no other part',
  breaches(tree) {
    const names = codeOf(tree, /^src\//).filter((name) => !/^(config|the programs)$/.test(partOf(name)));
    return names.filter((name) =>
      tree
        .module(name)
        .nodes.some((node) => nameOf(node.object) === 'process' && nameOf(node.property) === 'env'),
    );
  },
  broken: { 'src/http/server.ts': 'export const port = process.env.PORT;' },
};

const FLOATS = new Set(['toFixed', 'toPrecision', 'parseFloat']);

const moneyIsWhole: Law = {
  truth: 'no amount is ever a float: no toFixed, no parseFloat, no times or divided by 100 in src',
  breaches(tree) {
    return codeOf(tree, /^src\//).flatMap((name) =>
      tree.module(name).nodes.flatMap((node) => {
        if (node.type === 'Identifier' && FLOATS.has(nameOf(node))) return [`${name}: ${nameOf(node)}`];
        const sides = [node.left, node.right].map((side) => (isNode(side) ? side.value : undefined));
        const scales =
          /^[*/]=?$/.test(String(node.operator)) && sides.some((side) => side === 100 || side === 0.01);
        return scales ? [`${name}: ${String(node.operator)} 100`] : [];
      }),
    );
  },
  broken: {
    'src/bill/a.ts': 'export const yuan = (fen: number) => (fen / 100).toFixed(2);',
    'src/bill/b.ts': 'export const fen = (yuan: string) => Number.parseFloat(yuan) * 100;',
  },
};

const everyTestRuns: Law = {
  truth: 'no test is focused, skipped, expected to fail or left to be written',
  breaches(tree) {
    // runIf may leave out what this machine cannot run: it is counted as skipped, and in CI that fails.
    const off = new Set(['only', 'skip', 'todo', 'skipIf', 'fails']);
    return tree.names(TEST).flatMap((name) =>
      tree
        .module(name)
        .nodes.filter((node) => node.type === 'MemberExpression' && off.has(nameOf(node.property)))
        .filter((node) => /^(test|it|describe|suite|context|ctx)\b/.test(rootOf(node.object)))
        .map((node) => `${name}: ${rootOf(node.object)}.${nameOf(node.property)}`),
    );
  },
  broken: { 'src/bill/bill.test.ts': "test.skip('a bill is paid once', () => {});" },
};

/** The leftmost name of a chain: `test` in `test.concurrent.only`. */
function rootOf(node: unknown): string {
  if (!isNode(node)) return '';
  return node.type === 'MemberExpression' ? rootOf(node.object) : nameOf(node);
}

const everyTestIsFound: Law = {
  truth: 'every test file lies where a project of vitest.config.ts looks for it',
  breaches(tree) {
    const found =
      /^((src|simulator|web)\/.*|test\/[^/]+|test\/(simulation|explore|crash|cluster|fuzz|teeth|journeys|browser)\/.*)\.test\.tsx?$/;
    return tree.names(/\.(test|spec)\.[cm]?[jt]sx?$/).filter((name) => !found.test(name));
  },
  broken: { 'test/elsewhere/lost.test.ts': '' },
};

const noTestSleeps: Law = {
  truth: 'no test sleeps: it moves the clock, or asks again until it is so',
  breaches(tree) {
    return [...tree.names(TEST), ...codeOf(tree, /^test\//)].filter((name) => {
      const { nodes, imports } = tree.module(name);
      return (
        imports.includes('node:timers/promises') ||
        nodes.some((node) => nameOf(node.property) === 'waitForTimeout' || isSleep(node))
      );
    });
  },
  broken: {
    'test/journeys/a.test.ts': 'await new Promise((done) => setTimeout(done, 1000));',
    'test/browser/b.test.ts': 'await page.waitForTimeout(500);',
  },
};

/** A promise that is kept by a timer: `new Promise((done) => setTimeout(done, …))`. */
function isSleep(node: SyntaxNode): boolean {
  if (node.type !== 'NewExpression' || nameOf(node.callee) !== 'Promise') return false;
  const [executor] = Array.isArray(node.arguments) ? node.arguments : [];
  const [resolve] = isNode(executor) && Array.isArray(executor.params) ? executor.params : [];
  return [...nodesOf(executor)].some((call) => {
    if (call.type !== 'CallExpression' || nameOf(call.callee) !== 'setTimeout') return false;
    const [task] = Array.isArray(call.arguments) ? call.arguments : [];
    return [...nodesOf(task)].some((name) => nameOf(name) !== '' && nameOf(name) === nameOf(resolve));
  });
}

const filesAreRooms: Law = {
  truth: 'no source file is longer than 500 lines',
  breaches(tree) {
    return tree
      .names(/^(src|simulator|web|test|scripts|bench)\/.*\.(tsx?|mjs|css)$/)
      .filter((name) => name !== 'web/api/types.ts')
      .map((name) => ({ name, lines: tree.text(name).split('\n').length - 1 }))
      .filter(({ lines }) => lines > 500)
      .map(({ name, lines }) => `${name}: ${lines} lines`);
  },
  broken: { 'src/bill/everything.ts': '\n'.repeat(501) },
};

/** The packages of package.json, whatever they are needed for, with the version asked for. */
function dependencies(tree: Tree): [string, string][] {
  const project = tree.json('package.json');
  return [project.dependencies, project.devDependencies, project.optionalDependencies].flatMap((group) =>
    Object.entries(group ?? {}).map(([name, version]): [string, string] => [name, String(version)]),
  );
}

const DEPENDENCIES = 'docs/decisions/dependencies.md';

const dependenciesSayWhy: Law = {
  truth:
    'every dependency says in docs/decisions/dependencies.md why we did not write it, and none that is gone does',
  breaches(tree) {
    const rows = [...tree.text(DEPENDENCIES).matchAll(/^\| (`[^|]+) \| (.+) \|$/gm)];
    const told = rows.flatMap(([, names = '']) =>
      [...names.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
    );
    const used = dependencies(tree).map(([name]) => name);
    return [
      ...used.filter((name) => !told.includes(name)).map((name) => `${name}: no reason is given`),
      ...told.filter((name) => !used.includes(name)).map((name) => `${name}: is no dependency any more`),
    ];
  },
  broken: { 'package.json': '{"dependencies": {"left-pad": "1.3.0"}}' },
};

const versionsAreExact: Law = {
  truth: 'every dependency is asked for by one exact version',
  breaches(tree) {
    return dependencies(tree)
      .filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
      .map(([name, version]) => `${name}: ${version}`);
  },
  broken: { 'package.json': '{"dependencies": {"left-pad": "^1.3.0"}}' },
};

/** The packages of the lock file by their paths, the project itself left out. */
function locked(tree: Tree): [string, Record<string, unknown>][] {
  const packages = (tree.json('package-lock.json').packages ?? {}) as Record<string, Record<string, unknown>>;
  return Object.entries(packages).filter(([path]) => path !== '');
}

const lockIsSealed: Law = {
  truth: 'the lock file seals every package, names no registry and lets none run a script',
  breaches(tree) {
    return locked(tree)
      .filter(
        ([, pack]) => pack.integrity === undefined || 'resolved' in pack || pack.hasInstallScript === true,
      )
      .map(([path]) => path);
  },
  broken: { 'package-lock.json': '{"packages": {"node_modules/a": {"version": "1.0.0"}}}' },
};

const noXml: Law = {
  truth: 'no XML parser comes along: both channels speak JSON, and an XML parser is a way in',
  breaches(tree) {
    return locked(tree)
      .filter(([path, pack]) => pack.dev !== true && /xml|(^|[/-])sax(es)?$/i.test(path))
      .map(([path]) => path);
  },
  broken: { 'package-lock.json': '{"packages": {"node_modules/fast-xml-parser": {"integrity": "sha512-"}}}' },
};

const keysStayOutside: Law = {
  truth: 'no file holds a private key: what is committed once is known for ever',
  breaches(tree) {
    // PKCS#1 and PKCS#8 both begin so in Base64; a certificate is public, and says CERTIFICATE.
    const key = /(?<!CERTIFICATE-----\s*)MII[A-Za-z0-9+/=\s]{300}/;
    return tree.names(/./).filter((name) => key.test(tree.text(name)));
  },
  broken: { 'src/channel/alipay/keys.ts': `// M${'IIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj'.repeat(8)}` },
};

const linksLead: Law = {
  truth: 'every link in the documents leads to a file that is there',
  breaches(tree) {
    return tree.names(/^(README|docs\/.*)\.md$/).flatMap((name) =>
      [...tree.text(name).matchAll(/\]\((?![a-z]+:|#)([^)#\s]+)/g)]
        .map(([, link = '']) => ({ link, there: target(name, decodeURI(link)).replace(/\/$/, '') }))
        .filter(
          ({ there }) => !tree.names(/./).some((file) => file === there || file.startsWith(`${there}/`)),
        )
        .map(({ link }) => `${name}: ${link}`),
    );
  },
  broken: { 'README.md': 'See [the tour](docs/tour.md).' },
};

const wordsAreDefinedOnce: Law = {
  truth: 'the glossary defines each word once',
  breaches(tree) {
    const words = [...tree.text('docs/glossary.md').matchAll(/^\| ([^|]+?) +\|/gm)].map(
      ([, word = '']) => word,
    );
    const terms = words.filter((word) => !/^(-+|:?-+:?)$/.test(word)).map((word) => word.toLowerCase());
    return [...new Set(terms.filter((term, place) => terms.indexOf(term) !== place))];
  },
  broken: { 'docs/glossary.md': '| bill 账单 | what is owed |\n| bill 账单 | the daily file |\n' },
};

export const laws: readonly Law[] = [
  partsMeetAtDoors,
  doorsLeadSomewhere,
  sqlHasOneHome,
  edgesSeeNoRows,
  simulatorStandsAlone,
  webSeesMoneyAndStates,
  timeAndChanceArePassedIn,
  configurationIsReadOnce,
  moneyIsWhole,
  everyTestRuns,
  everyTestIsFound,
  noTestSleeps,
  filesAreRooms,
  dependenciesSayWhy,
  versionsAreExact,
  lockIsSealed,
  noXml,
  keysStayOutside,
  linksLead,
  wordsAreDefinedOnce,
];
