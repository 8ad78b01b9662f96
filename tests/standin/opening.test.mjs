// Between chat:get and chat:join: what is written then must be on the screen, once, in its place.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { chatOf, describe, registerAll, startProxy, startServer, TRANSPORTS, until } from '../harness/index.mjs';
import { FrontEnd } from './front-end.mjs';
import { cutOff, showsAll } from './screens.mjs';
import { Writer } from './writer.mjs';

const pause = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

for (const transports of TRANSPORTS) {
  describe(`opening a chat over ${transports}`, () => {
    let server, proxy;
    const screens = [];
    before(async () => {
      server = await startServer({ env: { ZVON_LOG__LEVEL: 'info' } });
      proxy = await startProxy(server);
    });
    after(async () => {
      for (const screen of screens) screen.quit();
      await proxy.close();
      await server.finish();
    });
    async function people() {
      const [ann, bob] = await registerAll(server, 'Ann', 'Bob');
      const chatId = await chatOf(server, ann, bob);
      const writer = new Writer(server, ann, chatId);
      for (let n = 0; n < 3; n++) await writer.write(`before ${n}`);
      const screen = new FrontEnd(proxy.url, bob, { transports });
      screens.push(screen);
      return { ann, bob, writer, screen };
    }
    /** Cut, and connected again. */
    async function cut(screen) {
      const again = screen.recoveries.length + 1;
      await cutOff(proxy, screen);
      await until(() => screen.recoveries.length >= again, () => 'a reconnection');
    }

    test('while others write as fast as they can', async () => {
      const { ann, bob, writer, screen } = await people();
      writer.every = 0;
      writer.start();
      const other = new Writer(server, bob, writer.chatId, { name: 'Bob elsewhere', every: 0 }).start();
      for (let n = 0; n < 10; n++) {
        await screen.open(ann, { between: () => pause(Math.random() * 30) });
        await pause(Math.random() * 50);
        await screen.close();
      }
      await screen.open(ann);
      await Promise.all([writer.stop(), other.stop()]);
      await showsAll(server, screen);
      screen.quit();
    });

    test('the dialog opened twice, without a leave in between', async () => {
      const { ann, writer, screen } = await people();
      writer.every = 0;
      writer.start();
      await screen.open(ann);
      await pause(30);
      await screen.open(ann);
      await pause(50);
      await writer.stop();
      await showsAll(server, screen);
      screen.quit();
    });

    test('cut in between, with and without something written before and after', async () => {
      for (const [before, away, after] of [[0, 0, 0], [2, 0, 0], [0, 2, 0], [0, 0, 2], [2, 3, 4], [0, 150, 0]]) {
        const { ann, writer, screen } = await people();
        const write = async (count, name) => {
          for (let n = 0; n < count; n++) await writer.write(`${name} ${n}`);
        };
        await screen.open(ann, {
          between: async () => {
            await write(before, 'shown but not joined');
            const back = cut(screen);
            await write(away, 'away');
            await back;
            await write(after, 'back but not joined');
          },
        });
        await writer.write('joined');
        const shown = await showsAll(server, screen);
        assert.equal(shown.length, 4 + before + away + after);
        screen.quit();
      }
    });

    test('killed with -9 in between', async () => {
      const { ann, writer, screen } = await people();
      await screen.open(ann, {
        between: async () => {
          await writer.write('before the end');
          await server.kill();
          await server.start();
          await until(() => screen.recoveries.length > 0, () => 'a reconnection');
          await writer.write('after the end');
        },
      });
      await writer.write('joined');
      assert.equal((await showsAll(server, screen)).length, 6);
      screen.quit();
    });

    test('so much was written in between that it cannot be brought: refused, then opened anew', async () => {
      const { ann, writer, screen } = await people();
      const flood = async () => {
        for (let n = 0; n < 21; n++) await Promise.all(Array.from({ length: 50 }, (_, m) => writer.write(`flood ${n} ${m}`)));
      };
      await assert.rejects(screen.open(ann, { between: flood }), /open the chat again/);
      await screen.open(ann);
      await writer.write('after the flood');
      assert.equal((await showsAll(server, screen)).length, 201);
      screen.quit();
    });

    test('two chats one after the other: what belongs to the first is not shown in the second', async () => {
      const { ann, bob, writer, screen } = await people();
      const [eve] = await registerAll(server, 'Eve');
      const evening = new Writer(server, eve, await chatOf(server, eve, bob));
      writer.every = evening.every = 1;
      writer.start();
      evening.start();
      for (let n = 0; n < 6; n++) {
        await screen.open(n % 2 ? eve : ann);
        await pause(60);
        if (n === 3) await cut(screen);
        await screen.close();
      }
      await screen.open(ann);
      await Promise.all([writer.stop(), evening.stop()]);
      await showsAll(server, screen);
      screen.quit();
    });
  });
}
