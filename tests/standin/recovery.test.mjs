// The existing front end with a chat open, while others write and its connection is cut, or the
// server killed: it must show exactly the right list, by nothing but the official client's recovery.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { chatOf, describe, registerAll, startProxy, startServer, TRANSPORTS, until } from '../harness/index.mjs';
import { FrontEnd } from './front-end.mjs';
import { cutOff, showsAll, stored } from './screens.mjs';
import { Writer } from './writer.mjs';

const pause = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

for (const transports of TRANSPORTS) {
  describe(`the existing front end over ${transports}`, () => {
    let server, proxy, ann, bob, chatId;
    const screens = [];
    before(async () => {
      server = await startServer({ env: { ZVON_PRESENCE__GRACE: '5s', ZVON_LOG__LEVEL: 'info' } });
      proxy = await startProxy(server);
    });
    after(async () => {
      for (const screen of screens) screen.quit();
      await proxy.close();
      await server.finish();
    });

    /** Ann, who writes, and Bob's screen behind the proxy. */
    async function opened(options = {}) {
      [ann, bob] = await registerAll(server, 'Ann', 'Bob');
      chatId = await chatOf(server, ann, bob);
      for (let n = 0; n < 3; n++) await new Writer(server, ann, chatId).write(`before ${n}`);
      const screen = new FrontEnd(proxy.url, bob, { transports, ...options });
      screens.push(screen);
      await screen.open(ann);
      return screen;
    }
    async function reconnected(screen, times) {
      await until(() => screen.recoveries.length >= times && screen.socket.connected, () => `${screen.recoveries.length} reconnections`);
    }

    test('cut at random while others write', async () => {
      const screen = await opened();
      const writers = [new Writer(server, ann, chatId).start(), new Writer(server, bob, chatId, { name: 'Bob elsewhere', every: 12 }).start()];
      for (let n = 0; n < 12; n++) {
        await pause(60 + Math.random() * 200);
        await cutOff(proxy, screen);
      }
      await reconnected(screen, 1);
      for (const writer of writers) await writer.stop();
      const shown = await showsAll(server, screen);
      assert.ok(shown.length > 20, `${shown.length} messages`);
      assert.ok(screen.recoveries.length >= 8, `${screen.recoveries.length} reconnections`);
      assert.ok(screen.recoveries.every(Boolean), `recovered: ${screen.recoveries.join()}`);
      screen.quit();
    });

    test('cut once while others write, with its own eager reconnecting', async () => {
      // Once only: beside the listener that connects at once, the official client forgets to
      // reconnect by itself from the second time on.
      const screen = await opened({ eager: true });
      const writer = new Writer(server, ann, chatId).start();
      await pause(150);
      await cutOff(proxy, screen);
      await reconnected(screen, 1);
      await writer.stop();
      await showsAll(server, screen);
      assert.ok(screen.recoveries.every(Boolean));
      screen.quit();
    });

    test('away for a while, with refused connections, and with pins and reads meanwhile', async () => {
      const screen = await opened();
      screen.send('mine');
      await until(() => screen.shown.at(-1).content === 'mine', () => 'its own message');
      const mine = screen.shown.at(-1).id;
      proxy.refuse();
      proxy.cut();
      const writer = new Writer(server, ann, chatId);
      for (let n = 0; n < 300; n++) await writer.write(`while away ${n}`);
      const other = new FrontEnd(server.url, ann);
      screens.push(other);
      await other.open(bob);
      other.click(mine);
      await new Promise((resolve) => other.socket.emit('message:pin', { messageId: mine }, resolve));
      proxy.refuse(false);
      await reconnected(screen, 1);
      await showsAll(server, screen);
      await until(() => screen.shown.find(({ id }) => id === mine).status === 'READ', () => 'READ of what was read meanwhile');
      await until(() => screen.shown.find(({ id }) => id === mine).isPinned, () => 'the pin');
      assert.deepEqual(screen.recoveries, [true]);
      for (const one of [screen, other]) one.quit();
    });

    test('its own sends appear once each and in order, whatever is cut', async () => {
      const screen = await opened();
      for (let n = 0; n < 60; n++) {
        screen.send(`mine ${n}`);
        await pause(10);
        if (n % 12 === 7) proxy.cut();
      }
      screen.send('the last');
      await until(() => screen.shown.some(({ content }) => content === 'the last'), () => 'the last of its own');
      const shown = await showsAll(server, screen);
      const mine = shown.map(({ content }) => content).filter((text) => text.startsWith('mine')).map((text) => Number(text.slice(5)));
      assert.deepEqual(mine, [...new Set(mine)].sort((a, b) => a - b), 'no send twice, none out of order');
      assert.ok(mine.length >= 45, `${mine.length} of 60 got through`);
      screen.quit();
    });

    test('killed with -9 and restarted while others write', async () => {
      const screen = await opened();
      const writer = new Writer(server, ann, chatId).start();
      for (let n = 0; n < 3; n++) {
        await pause(300 + Math.random() * 300);
        await server.kill();
        await pause(Math.random() * 200);
        await server.start();
        await reconnected(screen, n + 1);
      }
      await writer.stop();
      const shown = await showsAll(server, screen);
      const acked = new Set(shown.map(({ id }) => id));
      assert.ok(writer.acked.every(({ id }) => acked.has(id)), 'every acked message is on the screen');
      assert.ok(screen.recoveries.length >= 3 && screen.recoveries.every(Boolean), `recovered: ${screen.recoveries.join()}`);
      screen.quit();
    });

    test('restarted in good order (SIGTERM): it comes back by itself', async () => {
      const screen = await opened();
      const writer = new Writer(server, ann, chatId).start();
      const reasons = [];
      screen.socket.on('disconnect', (reason) => reasons.push(reason));
      await pause(200);
      assert.equal(await server.stop(), 0);
      await server.start();
      await reconnected(screen, 1);
      await writer.stop();
      await showsAll(server, screen);
      assert.ok(screen.recoveries.every(Boolean));
      assert.ok(reasons.every((reason) => reason === 'transport close' || reason === 'transport error'), reasons.join());
      screen.quit();
    });

    test('a stalled network, noticed by the pings of neither side yet, then cut', async () => {
      const screen = await opened();
      proxy.stall();
      const writer = new Writer(server, ann, chatId);
      for (let n = 0; n < 20; n++) await writer.write(`unheard ${n}`);
      proxy.stall(false);
      proxy.cut();
      await reconnected(screen, 1);
      await showsAll(server, screen);
      assert.ok(screen.recoveries.every(Boolean));
      screen.quit();
    });

    test('S15 it took nothing for so long that the server closed it: back, and nothing missing', async () => {
      const screen = await opened();
      const gone = new Promise((resolve) => screen.socket.once('disconnect', resolve));
      proxy.stall();
      const writer = new Writer(server, ann, chatId);
      // Far more than the megabyte that may wait for one connection, and the kernel's own buffers.
      const large = 'x'.repeat(16_000);
      for (let n = 0; n < 40; n++) await Promise.all(Array.from({ length: 20 }, (_, m) => writer.write(`${n} ${m} ${large}`)));
      proxy.stall(false);
      await Promise.race([gone, pause(3000)]);
      await showsAll(server, screen);
      assert.ok(screen.recoveries.every(Boolean), screen.recoveries.join());
      if (transports[0] === 'websocket') assert.equal(screen.recoveries.length, 1, 'it was closed for what waited');
      screen.quit();
    });

    test('too much was missed (more than 1000): a fresh socket, never a wrong list', async () => {
      const screen = await opened();
      proxy.refuse();
      proxy.cut();
      const writer = new Writer(server, ann, chatId);
      for (let n = 0; n < 21; n++) await Promise.all(Array.from({ length: 50 }, (_, m) => writer.write(`flood ${n} ${m}`)));
      proxy.refuse(false);
      await reconnected(screen, 1);
      assert.deepEqual(screen.recoveries, [false]);
      assert.equal(screen.shown.length, 3, 'nothing was appended to a list with a hole');
      await screen.open(ann);
      assert.equal((await stored(server, bob, chatId)).length, 1053);
      assert.equal(screen.shown.length, 200);
      screen.quit();
    });
  });
}
