// Clients that follow all of their chats by `sync`, through cuts and kills: every event of every
// chat, once, in order.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { chatOf, connect, describe, registerAll, startProxy, startServer, TRANSPORTS, until } from '../harness/index.mjs';
import { Follower } from './follower.mjs';
import { stored } from './screens.mjs';
import { Writer } from './writer.mjs';

const pause = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

for (const transports of TRANSPORTS) {
  describe(`clients that follow by sync over ${transports}`, () => {
    let server, proxy, ann, bob, chats, writers, follower;
    before(async () => {
      server = await startServer({ env: { ZVON_LOG__LEVEL: 'info' } });
      proxy = await startProxy(server);
      [ann, bob] = await registerAll(server, 'Ann', 'Bob');
      const host = await connect(server, ann);
      const group = await host.ask('chat:create', { title: 'Group', participants: [bob.id] });
      host.close();
      chats = [await chatOf(server, ann, bob), group.chat.id];
      follower = new Follower(server, proxy.url, bob, { transports });
      writers = chats.map((chatId) => new Writer(server, ann, chatId, { every: 4 }).start());
    });
    after(async () => {
      follower.quit();
      await proxy.close();
      await server.finish();
    });
    async function holdsAll() {
      for (const chatId of chats) {
        const all = (await stored(server, bob, chatId)).map(({ content }) => content);
        await until(() => follower.texts(chatId).length >= all.length, () => `${follower.texts(chatId).length} of ${all.length}`);
        assert.deepEqual(follower.texts(chatId), all);
      }
    }

    test('cut at random while others write', async () => {
      // A cut may come before the sync is through; enough of them have to come after one.
      let cuts = 0;
      await until(
        async () => {
          await pause(50 + Math.random() * 150);
          proxy.cut();
          return ++cuts >= 15 && follower.syncs >= 5;
        },
        () => `${follower.syncs} syncs after ${cuts} cuts`,
      );
      for (const writer of writers) await writer.stop();
      await holdsAll();
    });

    test('killed with -9 and restarted while others write', async () => {
      for (const writer of writers) writer.start();
      for (let n = 0; n < 3; n++) {
        await pause(200 + Math.random() * 300);
        await server.kill();
        await server.start();
      }
      await pause(300);
      for (const writer of writers) await writer.stop();
      await holdsAll();
    });

    test('away so long that it is a gap: the newest page, and on from there', async () => {
      proxy.refuse();
      proxy.cut();
      for (let n = 0; n < 21; n++) await Promise.all(Array.from({ length: 50 }, (_, m) => writers[0].write(`flood ${n} ${m}`)));
      proxy.refuse(false);
      const before = follower.syncs;
      await until(() => follower.syncs > before, () => 'another sync');
      await writers[0].write('after the flood');
      const all = (await stored(server, bob, chats[0])).map(({ content }) => content);
      // The last may be there, live, before the page that goes before it.
      const end = (texts) => texts.slice(-900).join();
      await until(() => end(follower.texts(chats[0])) === end(all), () => `${follower.texts(chats[0]).length} of ${all.length}`);
    });
  });
}
