import 'fake-indexeddb/auto';
import { afterEach, expect, it } from 'vitest';
import { Cache } from './cache';
import { databaseOf, deleteDatabase, openDatabase } from './db';
import { ME, newChat, syncAck } from './fixture';
import { createCell } from './held';
import { applySync } from './replica/adopt';
import { emptyReplica } from './replica/model';
import { Storage } from './storage';

const NAME = databaseOf(ME);

afterEach(() => deleteDatabase(NAME));

/** Whether the list of chats counts as known in a new tab, when these were kept. */
async function isKnown(chats: ReturnType<typeof newChat>[]): Promise<boolean> {
  const database = await openDatabase(NAME);
  await new Cache(database).write(applySync(emptyReplica(ME), syncAck(chats)));
  database.close();
  const cell = createCell(ME);
  const storage = await Storage.open(cell);
  await storage.close();
  return cell.getState().ready;
}

it('knows the chats when some were kept', async () => {
  expect(await isKnown([newChat()])).toBe(true);
});

it('does not say that there are no chats because none were kept', async () => {
  expect(await isKnown([])).toBe(false);
});
