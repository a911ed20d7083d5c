import { sign, type KeyObject } from 'node:crypto';
import { alphanumeric, type World } from '#world';

/** What signs our requests: the merchant's private key, and the serial of the certificate that belongs to it. */
export interface Signer {
  mchId: string;
  certificateSerial: string;
  privateKey: KeyObject;
}

/**
 * The five lines that a request's signature covers, each ended by one LF, the last too.
 * target   path and query exactly as on the wire; the host is no part of it
 * body     the very bytes that will be sent; empty for a GET
 * source   WeChat Pay v3, 签名认证 (wechatpay.md 2.1)
 */
export function requestToSign(
  method: string,
  target: string,
  timestamp: string,
  nonce: string,
  body: Uint8Array,
): Buffer {
  return Buffer.concat([
    Buffer.from(`${method}\n${target}\n${timestamp}\n${nonce}\n`),
    body,
    Buffer.from('\n'),
  ]);
}

/** The `Authorization` header, with a fresh time and nonce: every send has its own, repeats too. */
export function authorization(
  world: World,
  signer: Signer,
  method: string,
  target: string,
  body: Uint8Array,
): string {
  const timestamp = String(Math.floor(world.now() / 1000));
  const nonce = alphanumeric(world, 32);
  const signature = sign(
    'RSA-SHA256',
    requestToSign(method, target, timestamp, nonce, body),
    signer.privateKey,
  );
  const pairs = [
    `mchid="${signer.mchId}"`,
    `nonce_str="${nonce}"`,
    `timestamp="${timestamp}"`,
    `serial_no="${signer.certificateSerial}"`,
    `signature="${signature.toString('base64')}"`,
  ];
  return `WECHATPAY2-SHA256-RSA2048 ${pairs.join(',')}`;
}
