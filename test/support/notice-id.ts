/** The channel's own id of a notification, as it stands in its body. */
export function noticeId(method: 'alipay' | 'wechat', body: Uint8Array): string | undefined {
  const text = Buffer.from(body).toString('utf8');
  if (method === 'alipay') return new URLSearchParams(text).get('notify_id') ?? undefined;
  const id: unknown = JSON.parse(text).id;
  return typeof id === 'string' ? id : undefined;
}
