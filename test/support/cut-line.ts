import { connect, createServer, type Socket } from 'node:net';

/**
 * A line to a server on the loopback that breaks at the worst moment: the first time that something
 * ending in `words` goes up, it arrives, and the answer to it does not.
 */
export interface CutLine {
  port: number;
  close(): Promise<void>;
}

export function cutLine(serverPort: number, words: string): Promise<CutLine> {
  let cut = false;
  const open = new Set<Socket>();
  const line = createServer((client) => {
    const server = connect(serverPort, '127.0.0.1');
    let answerIsLost = false;
    for (const socket of [client, server]) {
      open.add(socket);
      // A broken line is the point of it.
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        open.delete(socket);
        client.destroy();
        server.destroy();
      });
    }
    client.on('data', (chunk) => {
      if (!cut && chunk.toString('latin1').endsWith(words)) {
        cut = true;
        answerIsLost = true;
      }
      server.write(chunk);
    });
    server.on('data', (chunk) => {
      if (answerIsLost) client.destroy();
      else client.write(chunk);
    });
  });
  return new Promise((resolve, reject) => {
    line.once('error', reject);
    line.listen(0, '127.0.0.1', () => {
      const address = line.address();
      if (address === null || typeof address === 'string') return reject(new Error('no port'));
      return resolve({
        port: address.port,
        close: () =>
          new Promise((closed) => {
            for (const socket of open) socket.destroy();
            line.close(() => closed());
          }),
      });
    });
  });
}
