import { describe, expect, test } from 'vitest';
import { mayConnect } from './guard.ts';
import { isHostAndPort, readTarget } from './target.ts';

const OURS = [8080, 8090];
const own = { ports: OURS, addresses: () => ['127.0.0.1', '::1', '192.168.1.5', 'fd12:3456::5'] };

/** The list of an operator who was talked into anything: it names exactly what the address reads as. */
function credulous(text: string): string[] {
  const url = URL.parse(text);
  if (url === null) return [];
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  return [`${url.hostname}:${port}`];
}

/** Every way to write one IPv4 address that some program somewhere understands. */
function spellings(address: string): string[] {
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
  const whole = ((a * 256 + b) * 256 + c) * 256 + d;
  const hex = (value: number): string => `0x${value.toString(16)}`;
  const octal = (value: number): string => `0${value.toString(8)}`;
  const wide = Array.from(address, (sign) =>
    sign === '.' ? '.' : String.fromCodePoint(0xff10 + Number(sign)),
  );
  const circled = Array.from(address, (sign) =>
    '123456789'.includes(sign) ? String.fromCodePoint(0x245f + Number(sign)) : sign,
  );
  const group = (high: number, low: number): string => (high * 256 + low).toString(16);
  return [
    address,
    `${address}.`,
    `${address}..`,
    String(whole),
    hex(whole),
    hex(whole).toUpperCase().replace('0X', '0x'),
    octal(whole),
    [a, b, c, d].map(hex).join('.'),
    [a, b, c, d].map(octal).join('.'),
    [a, b, c, d].map((value) => `00${octal(value)}`).join('.'),
    `${hex(a)}.${octal(b)}.${c}.${d}`,
    `${a}.${(b * 256 + c) * 256 + d}`,
    `${a}.${b}.${c * 256 + d}`,
    `${hex(a)}.${hex((b * 256 + c) * 256 + d)}`,
    address.replaceAll('.', '。'),
    address.replaceAll('.', '．'),
    address.replaceAll('.', '｡'),
    wide.join(''),
    circled.join(''),
    address.replaceAll('.', '%2e'),
    Array.from(address, (sign) => `%${sign.charCodeAt(0).toString(16)}`).join(''),
    address.replace('.', '\t.'),
    address.replace('.', '\u00ad.'),
    address.replace('.', '\u200b.'),
    `[::ffff:${address}]`,
    `[::ffff:${group(a, b)}:${group(c, d)}]`,
    `[0:0:0:0:0:ffff:${group(a, b)}:${group(c, d)}]`,
    `[::${address}]`,
    `[::ffff:0:${address}]`,
    `[64:ff9b::${address}]`,
    `[64:ff9b:1::${address}]`,
    `[2002:${group(a, b)}:${group(c, d)}::1]`,
    `user@${address}`,
    `user:password@${address}`,
    `his.clinic.example@${address}`,
    `his.clinic.example:80@${address}`,
    `his.clinic.example%40${address}`,
    `his.clinic.example\\@${address}`,
  ];
}

const nobodysSystem = [
  '169.254.169.254',
  '169.254.0.23',
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
  '0.0.0.0',
  '224.0.0.1',
  '255.255.255.255',
];

const corpus = [
  ...nobodysSystem
    .flatMap(spellings)
    .flatMap((host) => [`http://${host}/`, `https://${host}:8443/latest/meta-data/`]),
  // Ourselves, by every name: the product and its simulators.
  ...OURS.flatMap((port) =>
    spellings('127.0.0.1').map((host) => `http://${host}:${port}/api/v1/finance/bills`),
  ),
  'http://127.1:8080/',
  'http://127.0.0.53:8080/',
  'http://[::1]:8080/',
  'http://[0:0:0:0:0:0:0:1]:8090/',
  // Addresses of version 6 that are nobody's system.
  'http://[::]/',
  'http://[fe80::1]/',
  'http://[fe80::1%25eth0]/',
  'http://[feb0::1]:8081/',
  'http://[fec0::1]/',
  'http://[ff02::1]/',
  'http://[fd00:ec2::254]/latest/meta-data/',
  'http://[FD00:EC2::254]/',
  'http://[fd20:ce::254]/',
  'http://[100::1]/',
  'http://[2001:0:53aa:64c::1]/',
  'http://[v1.fe80::a]/',
  // What is no address for a webhook at all.
  'ftp://his.clinic.example/',
  'file:///etc/passwd',
  'gopher://his.clinic.example:70/_x',
  'javascript:alert(1)',
  'data:text/plain,hello',
  'unix:/run/zhenfu.sock',
  '//his.clinic.example/',
  'his.clinic.example:8443',
  'http://',
  'http:///his.clinic.example/',
  'http:his.clinic.example/',
  'http:/his.clinic.example/',
  'http:\\\\his.clinic.example\\',
  ' http://his.clinic.example/',
  'HTTP://his.clinic.example/',
  'http://HIS.clinic.example/',
  'http://ｈｉｓ.clinic.example/',
  'http://his。clinic.example/',
  'http://his.clinic.example./',
  'http://his.clinic.example\t/',
  'http://his\n.clinic.example/',
  'http://his.clinic.example#@169.254.169.254/',
  'http://his.clinic.example/events#part',
  'http://his.clinic.example\\169.254.169.254/',
  'http://his.clinic.example:08080/',
  'http://his.clinic.example:/',
  'http://his.clinic.example:0/',
  'http://his.clinic.example:65536/',
  'http://his.clinic.example:80:80/',
  'http://诊所.example/',
  'http://his clinic.example/',
  'http://1.2.3.256/',
  'http://1.2.3.4.5/',
  'http://0x/',
  'http://[::ffff:1.2.3.4/',
];

/** What is refused is refused for one of these, and never taken for a plain address. */
describe("an address that is nobody's system", () => {
  test('the corpus is as large as the threat', () => {
    expect(new Set(corpus).size).toBeGreaterThan(200);
  });

  test.each([...new Set(corpus)])('%j is refused even when the operator lists it', (text) => {
    expect(readTarget(text, credulous(text), OURS)).toBeTypeOf('string');
  });
});

describe('an address that a clinic has', () => {
  test.each([
    'http://192.168.1.20:8080/zhenfu/events',
    'http://10.0.0.7/events',
    'https://172.16.4.9:8443/events?tenant=1',
    'http://127.0.0.1:9000/events',
    'http://[fd12:3456::7]:8443/events',
    'http://[2408:8000::1]/events',
    'http://100.64.0.9:8081/events',
    'https://his.clinic.example/events',
    'https://his.clinic.example:8443/events',
    'http://his:8081/events',
    'http://localhost:9000/events',
    'http://xn--y5q74g.example/events',
    'https://his.clinic.example:8443?tenant=1',
    'https://his.clinic.example:8443',
  ])('%j is taken when the operator lists it, and only then', (text) => {
    expect(readTarget(text, credulous(text), OURS)).toMatchObject({ url: URL.parse(text) });
    expect(readTarget(text, ['his.clinic.example:1', 'elsewhere:443'], OURS)).toBe('not_listed');
  });

  test.each([
    ['http://his.clinic.example:8443/', 'his.clinic.example:443'],
    ['https://his.clinic.example/', 'his.clinic.example:80'],
    ['https://his.clinic.example/', 'clinic.example:443'],
    ['https://clinic.example/', 'his.clinic.example:443'],
    ['http://192.168.1.20:8080/', '192.168.1.2:8080'],
  ])('%j is not on a list that says %j', (text, entry) => {
    expect(readTarget(text, [entry], OURS)).toBe('not_listed');
  });
});

describe('where a name leads', () => {
  const judge = (address: string, port = 443): boolean => mayConnect(address, port, own);

  test.each(['192.168.1.20', '10.9.8.7', '127.0.0.1', '8.8.8.8', '::1', 'fd12::7', '2408:8000::1'])(
    "%s may be a clinic's system",
    (address) => expect(judge(address)).toBe(true),
  );

  test.each([
    ...nobodysSystem,
    '::',
    '0::0',
    'fe80::1',
    'fe80::1%eth0',
    'fe80:0:0:0:0:0:0:1',
    'ff02::fb',
    'fd00:ec2::254',
    'fd00:0ec2:0:0:0:0:0:254',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '0:0:0:0:0:ffff:a9fe:a9fe',
    '::ffff:192.168.1.20',
    '::ffff:0:169.254.169.254',
    '::169.254.169.254',
    '::7f00:1',
    '64:ff9b::a9fe:a9fe',
    '64:ff9b:1::a9fe:a9fe',
    '2002:a9fe:a9fe::1',
    '2001:0:a9fe:a9fe::1',
    'localhost',
    '',
    '127.0.0.1 ',
    '0x7f.1',
    '2130706433',
    '0177.0.0.1',
  ])('%j is never connected to', (address) => expect(judge(address)).toBe(false));

  test.each([
    '127.0.0.1',
    '127.8.8.8',
    '::1',
    '0:0:0:0:0:0:0:1',
    '192.168.1.5',
    'fd12:3456::5',
    'fd12:3456:0:0::5',
  ])("%s is this machine, and our own ports there are not a clinic's system", (address) => {
    expect(OURS.map((port) => judge(address, port))).toEqual([false, false]);
    expect(judge(address, 9000)).toBe(true);
  });

  test('another machine may use the port that we use here', () => {
    expect(judge('192.168.1.20', 8080)).toBe(true);
  });
});

describe('an entry of the allow list', () => {
  test.each(['his:8081', 'his.clinic.example:443', '192.168.1.20:80', '[fd12::7]:8443', 'localhost:1'])(
    '%j is host and port',
    (entry) => expect(isHostAndPort(entry)).toBe(true),
  );

  test.each([
    'his',
    'his:',
    ':80',
    '*:80',
    'his:80/x',
    'a@his:80',
    'HIS:80',
    'his.:80',
    '0x7f.1:80',
    '[::1%25lo]:80',
    'his:080',
    'his:0',
    'his:70000',
    'http://his:80',
    '*.clinic.example:443',
    'his :80',
  ])('%j is none', (entry) => expect(isHostAndPort(entry)).toBe(false));
});
