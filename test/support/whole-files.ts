import type { Channel, PaymentMethod } from '#channel';
import type { InboundAnswer } from '#world';

/**
 * Alipay's statement is zipped and unzipped on another thread, which no clock of a test knows of: time
 * waits from the question for the file until its last line was read.
 */
export function wholeFiles(busy: <T>(work: Promise<T>) => Promise<T>): {
  asked(url: string, answer: Promise<InboundAnswer>): Promise<InboundAnswer>;
  readBy(channels: Map<PaymentMethod, Channel>): Map<PaymentMethod, Channel>;
} {
  let release: (() => void) | undefined;
  const read = (): void => {
    release?.();
    release = undefined;
  };
  return {
    async asked(url, answer) {
      if (!url.includes('downloadBillFile')) return answer;
      const file = await busy(answer);
      if (release === undefined) void busy(new Promise<void>((resolve) => (release = resolve)));
      return file;
    },
    readBy(channels) {
      for (const [method, channel] of channels) {
        const fetchStatement = (day: string): ReturnType<Channel['fetchStatement']> =>
          channel.fetchStatement(day).finally(read);
        channels.set(method, { ...channel, fetchStatement });
      }
      return channels;
    },
  };
}
