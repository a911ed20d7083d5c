import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import type { Outcome, StatementDay } from '../channel.ts';
import { digestOf } from '../statement.ts';
import { meaningOf } from './codes.ts';
import type { Answer, WechatGateway } from './gateway.ts';
import { statementFile, statementOrder } from './requests.ts';
import { readStatementFile } from './statement-file.ts';
import { channelCode, translateError, unlisted } from './translate.ts';

const DEFAULT_GATEWAY = 'https://api.mch.weixin.qq.com';

/** What 申请交易账单 answers (wechatpay.md 10.1). Official samples of the address begin with a blank. */
const Address = z.object({
  hash_type: z.literal('SHA1'),
  hash_value: z.string().regex(/^[0-9A-Fa-f]{40}$/),
  download_url: z.string().trim().max(2048).transform(asUrl),
});

/**
 * Asks for the file of one day, fetches it and believes it only whole: its SHA-1 stands in a signed
 * answer, its count and sums in itself.
 * gatewayUrl   with another than the default one, the file's address is taken to be there too (10.1)
 * source       WeChat Pay v3, 申请交易账单 and 下载账单 (wechatpay.md 10)
 */
export async function fetchStatement(
  gateway: WechatGateway,
  gatewayUrl: string,
  day: string,
): Promise<Outcome<StatementDay>> {
  const asked = await gateway.ask(statementOrder(day));
  if (asked.outcome !== 'done') return asked;
  const answer = asked.value;
  if (answer.status !== 200) return withoutFile(answer);
  const address = Address.safeParse(answer.json);
  if (!address.success) return unlisted(answer, 'a 200 without the address and SHA-1 of a file');

  const { download_url, hash_value } = address.data;
  const elsewhere = new URL(gatewayUrl).origin === DEFAULT_GATEWAY && download_url.origin !== DEFAULT_GATEWAY;
  const came = await gateway.fetchFile(
    statementFile(download_url, elsewhere ? download_url.origin : undefined),
  );
  if (came.outcome !== 'done') return came;
  return proven(came.value, hash_value, day);
}

function withoutFile(answer: Answer): Outcome<StatementDay> {
  const meaning = meaningOf('statement', answer.status, channelCode(answer));
  if (meaning === 'no_statement') return { outcome: 'done', value: { state: 'empty' } };
  if (meaning === 'statement_not_ready') return { outcome: 'done', value: { state: 'not_ready' } };
  return translateError('statement', answer);
}

function proven(file: Uint8Array, sha1: string, day: string): Outcome<StatementDay> {
  const bytes = unzipped(file);
  if (bytes === undefined) return unproven('the file does not unzip');
  const found = createHash('sha1').update(bytes).digest('hex');
  if (found !== sha1.toLowerCase()) return unproven(`SHA-1 ${found}, promised was ${sha1}`);
  const reading = readStatementFile(bytes, day);
  if ('problem' in reading) return unproven(reading.problem);
  return { outcome: 'done', value: { state: 'whole', lines: reading.lines, bytes, digest: digestOf(bytes) } };
}

function unproven(detail: string): Outcome<never> {
  return { outcome: 'unknown', fault: { code: 'unverified', detail: `statement refused whole: ${detail}` } };
}

/** Far above a million lines; whatever unzips to more is no statement (money-safety.md K8). */
const MAX_BYTES = 512 * 1_048_576;

/** A proxy may have unzipped the file on its way; the hash is over the plain bytes either way. */
function unzipped(file: Uint8Array): Uint8Array | undefined {
  if (file[0] !== 0x1f || file[1] !== 0x8b) return file;
  try {
    return gunzipSync(file, { maxOutputLength: MAX_BYTES, chunkSize: claimedSize(file) });
  } catch {
    return undefined;
  }
}

/** Nothing that deflate wrote unzips to more than this many times its size. */
const MAX_RATIO = 1032;

/** The length that gzip's last four bytes claim, as the size of one buffer: then nothing is copied. A hint, no more. */
function claimedSize(file: Uint8Array): number {
  const end = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const claimed = file.length < 18 ? 0 : end.getUint32(file.length - 4, true);
  return Math.min(Math.max(claimed + 1, 1024), file.length * MAX_RATIO, MAX_BYTES);
}

function asUrl(text: string, context: z.RefinementCtx): URL {
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol)) return url;
  context.addIssue({ code: 'custom', message: 'not an address' });
  return z.NEVER;
}
