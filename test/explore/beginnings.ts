/**
 * Where the exploration sets out. From the first, one unpaid bill, every order of events is walked to the
 * full depth. The others stand deeper in the story than that depth reaches; each was come to by the same
 * events, named here, and every order is walked on from it.
 */
export const beginnings: Readonly<Record<string, readonly string[]>> = {
  'one unpaid bill': [],
  'a create call without an answer (WeChat)': ['open wechat', 'create: silence', 'clock: a minute'],
  'a create call that the worker sends again (WeChat)': [
    'open wechat', 'create: silence', 'clock: a minute', 'follow_payment 1', 'query: none',
  ],
  'a code that is being typed a password for (Alipay)': ['open alipay', 'finish', 'scan', 'cancel', 'query: scanned', 'close: silence'],
  'an old code withdrawn, a new one shown (Alipay, WeChat)': ['open alipay', 'finish', 'open wechat', 'finish'],
  'two codes of Alipay, the first withdrawn': ['open alipay', 'finish', 'open alipay refresh', 'finish'],
  'both codes paid, nobody told': ['open alipay', 'finish', 'open wechat', 'finish', 'scan', 'pay', 'pay'],
  'paid (Alipay)': ['open alipay', 'finish', 'scan', 'pay', 'deliver paid', 'go'],
  'paid (WeChat)': ['open wechat', 'finish', 'pay', 'deliver paid', 'go'],
  'a refund waits for a second person': ['open wechat', 'finish', 'pay', 'deliver paid', 'go', 'refund 100'],
  'a refund is on its way (WeChat)': [
    'open wechat', 'finish', 'pay', 'deliver paid', 'go', 'refund 40', 'follow_refund 1',
  ],
  'a refund is on its way (Alipay)': [
    'open alipay', 'finish', 'scan', 'pay', 'deliver paid', 'go', 'refund 40', 'follow_refund 1',
  ],
  'a refund without an answer, a minute later (WeChat)': [
    'open wechat', 'finish', 'pay', 'deliver paid', 'go', 'refund 40', 'follow_refund 1', 'refund: silence', 'clock: a minute',
  ],
  'a refund refused, a minute later (Alipay)': [
    'open alipay', 'finish', 'scan', 'pay', 'deliver paid', 'go', 'refund 40', 'follow_refund 1', 'refund: refused', 'clock: a minute',
  ],
  'a refund accepted and turned abnormal (WeChat)': [
    'open wechat', 'finish', 'pay', 'deliver paid', 'go', 'refund 40', 'follow_refund 1', 'refund: done', 'return abnormal',
  ],
  'surplus is on its way back': [
    'open alipay', 'finish', 'open wechat', 'finish', 'scan', 'pay', 'pay', 'deliver paid', 'go', 'deliver paid', 'go',
  ],
  'withdrawn, and its time is over (Alipay)': ['open alipay', 'finish', 'cancel', 'finish', 'clock: expiry', 'clock: the last word'],
  'expired and not yet asked (WeChat)': ['open wechat', 'finish', 'clock: expiry'],
  'a code that is scanned (Alipay)': ['open alipay', 'finish', 'scan', 'follow_payment 1', 'finish'],
  'a code whose channel is silent (WeChat)': [
    'open wechat', 'finish', 'follow_payment 1', 'query: silence', 'follow_payment 1', 'query: silence',
  ],
  'a scanned code whose channel is silent (Alipay)': [
    'open alipay', 'finish', 'follow_payment 1', 'query: silence', 'follow_payment 1', 'query: silence', 'scan',
  ],
  'closed (WeChat)': ['open wechat', 'finish', 'cancel', 'finish'],
  'closed by the channel itself, with a question under way (Alipay)': [
    'open alipay', 'create: lost', 'follow_payment 1', 'scan', 'clock: expiry', 'overdue',
  ],
  'expired (Alipay)': ['open alipay', 'finish', 'clock: expiry', 'follow_payment 1', 'finish'],
  'being retired at its expiry (Alipay)': [
    'open alipay', 'finish', 'clock: expiry', 'follow_payment 1', 'query: none', 'close: nothing_to_close',
  ],
  'asked about by a process that was overtaken (Alipay)': [
    'open alipay', 'finish', 'follow_payment 1', 'clock: a minute',
  ],
  'ordered by a process that was overtaken (Alipay)': [
    'open alipay', 'act create', 'clock: a minute', 'follow_payment 1', 'finish', 'scan',
  ],
  'a refund accepted (WeChat)': [
    'open wechat', 'finish', 'pay', 'deliver paid', 'go', 'refund 40', 'follow_refund 1', 'refund: done',
  ],
  'a refund given up (Alipay)': [
    'open alipay', 'finish', 'scan', 'pay', 'deliver paid', 'go', 'refund 40', 'follow_refund 1', 'refund: refused',
    'clock: a minute', 'follow_refund 1', 'finish',
  ],
  'a refund sent by a process that was overtaken (WeChat)': [
    'open wechat', 'finish', 'pay', 'deliver paid', 'go', 'refund 40', 'follow_refund 1', 'clock: a minute', 'follow_refund 1',
  ],
  'a refund abnormal, then closed (WeChat)': [
    'open wechat', 'finish', 'pay', 'deliver paid', 'go', 'refund 40', 'follow_refund 1', 'refund: done', 'return abnormal', 'return closed',
  ],
  'a refund closed, as a question told; the notice is on its way (WeChat)': [
    'open wechat', 'finish', 'pay', 'deliver paid', 'go', 'refund 40', 'follow_refund 1', 'refund: done', 'return closed', 'follow_refund 1', 'finish',
  ],
  'a refund taken back before it was sent': [
    'open wechat', 'finish', 'pay', 'deliver paid', 'go', 'refund 100', 'cancel_refund',
  ],
  'all of it goes back while an old question is on its way (Alipay)': [
    'open alipay', 'finish', 'scan', 'follow_payment 1', 'pay', 'deliver paid', 'go', 'refund 100', 'approve', 'follow_refund 1',
  ],
  'void, and its code may still be paid (Alipay)': ['open alipay', 'finish', 'void', 'finish', 'scan'],
}; // prettier-ignore
