import { expect, log, messageWith, say, test } from './fixture';
import { atRest, gateOf, middleMessage, placeOf, STILL, throughOnePage, uneven } from './reading';

/** How many messages the long chat has. */
const COUNT = 5000;

test('a long chat is read up and down without what one looks at moving', async ({ meet, seat }) => {
  test.setTimeout(240_000);
  const [reader, bob] = [await meet('Ann'), await meet('Bob')];
  const chat = await reader.wire.privateWith(bob.id);
  const texts = uneven(COUNT);
  await bob.wire.say(chat, ...texts.slice(0, COUNT - 1));
  await reader.wire.say(chat, `${texts[COUNT - 1]} the end`);
  const ann = await seat(reader);
  await ann.page.goto(`/chats/${chat}`);
  await expect(messageWith(ann.page, 'the end')).toBeInViewport();

  const gate = await gateOf(ann.page);
  await log(ann.page).hover();
  let worst = 0;
  for (let pages = 0; pages < 10; pages += 1) {
    worst = Math.max(worst, await throughOnePage(ann.page, gate, -700));
  }
  expect(worst).toBeLessThanOrEqual(STILL);
  gate.remove();
  await atRest(ann.page);

  const reading = await middleMessage(ann.page);
  await bob.wire.say(chat, 'something new');
  await expect(ann.page.getByRole('button', { name: '1 new' })).toBeVisible();
  const moved = Math.abs((await placeOf(ann.page, reading.text)) - reading.top);
  expect(moved).toBeLessThanOrEqual(STILL);

  await ann.page.getByRole('button', { name: '1 new' }).click();
  await expect(messageWith(ann.page, 'something new')).toBeInViewport();
  await expect(ann.page.getByRole('button', { name: /new$|latest/ })).toBeHidden();
  const gap = () =>
    log(ann.page).evaluate((box) => box.scrollHeight - box.scrollTop - box.clientHeight);
  await expect.poll(gap).toBeLessThanOrEqual(1);

  await bob.wire.say(chat, 'followed by this');
  await expect(messageWith(ann.page, 'followed by this')).toBeInViewport();
  await expect.poll(gap).toBeLessThanOrEqual(1);

  await ann.page.goto(`/chats/${chat}?at=2500`);
  await expect(messageWith(ann.page, 'message 2498 ')).toBeInViewport();
  await ann.page.getByRole('button', { name: /new$|latest/ }).click();
  await expect(messageWith(ann.page, 'followed by this')).toBeInViewport();
  await say(ann.page, 'and an answer');
  await expect(messageWith(ann.page, 'and an answer')).toBeInViewport();
});
