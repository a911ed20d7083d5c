/**
 * Writes docs/errors.md from the tables that the answers themselves come from, so that the page cannot
 * say anything else: `node scripts/run.mjs scripts/errors-page.ts`. A test holds the page to this text.
 */
import { writeFileSync } from 'node:fs';
import { channelFaults, type ChannelFaultMeaning } from '#channel';
import { troubles, type Trouble } from '#trouble';

const retries: Record<Trouble['retry'], string> = {
  never: '不必重试 no',
  same_request: '原样重发 the same request',
  after_fixing: '修正后再发 after fixing it',
};

const actors: Record<Trouble['who'], string> = {
  caller: '调用方 the caller',
  cashier: '收银员 the cashier',
  operator: '管理员 the operator',
  us: '开发者 the developers',
};

const faultRetries: Record<ChannelFaultMeaning['retry'], string> = {
  same_call: '可原样重发 the same call',
  query_first: '先查询 a query decides',
  no: '先改正 not before a change',
};

const faultActors: Record<ChannelFaultMeaning['whoActs'], string> = {
  worker: '系统自动 the worker',
  operator: '管理员 the operator',
  developer: '开发者 the developers',
};

const opening = `# 错误 · Errors

<!-- Written by scripts/errors-page.ts from src/trouble/table.ts and src/channel/faults.ts. Change those, and run it. -->

每个失败的应答都是 RFC 9457 的 \`application/problem+json\`：HTTP 状态是真实的，\`code\` 一经公布含义不变。程序只判断 \`code\`，不判断文字。

Every failed answer is an RFC 9457 problem with an honest HTTP status and a stable \`code\`. Programs branch on \`code\`, never on the words.

\`\`\`json
{
  "type": "urn:zhenfu:problem:bill_void",
  "title": "The bill is void",
  "status": 409,
  "code": "bill_void",
  "detail": "账单已作废",
  "zh": "账单已作废",
  "en": "The bill is void"
}
\`\`\`

- \`invalid_input\` 另带 \`field\`（如 \`lines.0.quantity\`）和 \`rule\`。 \`invalid_input\` also names \`field\` and \`rule\`.
- 与某个会话有关的拒绝带 \`session_id\`；\`bill_differs\` 带 \`bill_id\`；\`scope_missing\` 带 \`scope\`。 Where a session is concerned its \`session_id\` comes along; \`bill_differs\` carries \`bill_id\`, \`scope_missing\` the \`scope\`.
- 未知不等于失败：\`channel_silent\` 之后钱仍可能到账。原样再发一次即可，会得到同一个会话。 Unknown is not no: after \`channel_silent\` the money may still come. Send the same request again and you get the same session.

## 接口代码 · Codes of the API
`;

const between = `
## 渠道故障 · Faults of a channel

渠道调用没有给出可信的肯定答复时，日志、事件与报警里用这些词。前三列决定系统怎么做，最后两列给工作人员看；患者只会看到“请稍候”或“请到窗口”。

What logs, events and alarms call a channel call that gave no trustworthy yes. Patients read only "please wait" or "ask at the counter".
`;

const troubleHead = ['code', 'HTTP', '重试 retry', '谁处理 who acts', '中文', 'English'];
const faultHead = ['fault', '重试 retry', '谁处理 who acts', '中文', 'English'];

/** The whole page, as it must stand in docs/errors.md. */
export function errorsPage(): string {
  const codes = Object.entries(troubles).map(([code, { status, retry, who, zh, en }]) => {
    return [`<a id="${code}"></a>\`${code}\``, String(status), retries[retry], actors[who], zh, en];
  });
  const faults = Object.entries(channelFaults).map(([code, { retry, whoActs, words }]) => {
    return [`\`${code}\``, faultRetries[retry], faultActors[whoActs], words.zh, words.en];
  });
  return [opening, table(troubleHead, codes), between, table(faultHead, faults)].join('\n');
}

function table(head: readonly string[], rows: readonly string[][]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

if (import.meta.main) writeFileSync(new URL('../docs/errors.md', import.meta.url), errorsPage());
