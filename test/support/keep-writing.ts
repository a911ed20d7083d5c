import { openSqlite, StoreUnavailable } from '#store';

/**
 * A process of its own that writes clinics into the database at argv[2], eight at a time, and says
 * the name of each that is acknowledged; until it is killed, or the disk refuses.
 */
const path = process.argv[2] ?? '';

// Where a limit of the shell stands for a full disk, the signal would end us before the error is seen.
process.on('SIGXFSZ', () => {});

const store = openSqlite({ path, onFatal: () => say('stopped') });
let next = 0;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function keepWriting(): Promise<void> {
  for (;;) {
    next += 1;
    const name = `clinic ${next}`;
    await store.transact('write', (tx) =>
      tx.run('INSERT INTO clinics (name, short_name, created_at) VALUES (?, ?, ?)', name, 'c', next),
    );
    say(`acknowledged ${name}`);
  }
}

const ends = await Promise.allSettled(Array.from({ length: 8 }, keepWriting));
for (const end of ends) {
  say(end.status === 'rejected' && end.reason instanceof StoreUnavailable ? 'refused' : 'surprised');
}
const afterwards = store.read((tx) => tx.all('SELECT 1'));
await afterwards.then(
  () => say('surprised'),
  () => say('refused'),
);
