/**
 * As much of the MySQL wire protocol as a proxy needs to know what a client asks: frames, the command
 * byte, and how an error looks.
 * source   https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_packets.html
 */
export interface Frame {
  /** 0 begins a command; handshakes go on counting. */
  sequence: number;
  payload: Buffer;
  /** As it came, to be sent on as it came. */
  whole: Buffer;
}

const HEADER = 4;
const HASH = 0x23;
const COM_QUERY = 0x03;
const COM_STMT_PREPARE = 0x16;
const COM_STMT_EXECUTE = 0x17;

/** Cuts a stream of bytes into frames; what is not whole yet waits. */
export class Frames {
  #rest: Buffer = Buffer.alloc(0);

  push(bytes: Buffer): Frame[] {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const frames: Frame[] = [];
    while (this.#rest.length >= HEADER) {
      const end = HEADER + this.#rest.readUIntLE(0, 3);
      if (this.#rest.length < end) break;
      const whole = this.#rest.subarray(0, end);
      frames.push({ sequence: whole[3] ?? 0, payload: whole.subarray(HEADER), whole });
      this.#rest = this.#rest.subarray(end);
    }
    return frames;
  }
}

export type Asked = 'begin' | 'commit' | 'rollback' | 'statement' | 'other';

/** What a client asks with this frame. */
export function askedBy({ sequence, payload }: Frame): Asked {
  if (sequence !== 0) return 'other';
  if (payload[0] === COM_STMT_EXECUTE || payload[0] === COM_STMT_PREPARE) return 'statement';
  if (payload[0] !== COM_QUERY) return 'other';
  const text = payload.subarray(1, 40).toString('latin1');
  if (text === 'COMMIT') return 'commit';
  if (text === 'START TRANSACTION') return 'begin';
  return text === 'ROLLBACK' ? 'rollback' : 'other';
}

export function query(text: string): Buffer {
  return framed(0, Buffer.concat([Buffer.of(COM_QUERY), Buffer.from(text)]));
}

/** Deadlock, lock wait time-out, snapshot conflict: the server's own words. */
const errors = {
  1213: ['40001', 'Deadlock found when trying to get lock; try restarting transaction'],
  1205: ['HY000', 'Lock wait timeout exceeded; try restarting transaction'],
  1020: ['HY000', "Record has changed since last read in table 'payments'"],
} as const;

export type ErrorNumber = keyof typeof errors;
export const NUMBERS: readonly ErrorNumber[] = [1213, 1205, 1020];

/** The answer of a server that refuses a command with this error. */
export function errorFrame(number: ErrorNumber): Buffer {
  const [state, words] = errors[number];
  const head = Buffer.of(0xff, number & 0xff, number >> 8);
  return framed(1, Buffer.concat([head, Buffer.from(`#${state}${words}`)]));
}

/** Which of these errors an answer of a server begins with. */
export function errorIn(answer: Buffer): ErrorNumber | undefined {
  if (answer.length < HEADER + 4 || answer[HEADER] !== 0xff || answer[HEADER + 3] !== HASH) return undefined;
  const found = answer.readUInt16LE(HEADER + 1);
  return NUMBERS.find((number) => number === found);
}

function framed(sequence: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(HEADER);
  header.writeUIntLE(payload.length, 0, 3);
  header[3] = sequence;
  return Buffer.concat([header, payload]);
}
