/** The pictures of the README: one conversation in both themes. */
import { mkdirSync } from 'node:fs';
import { type Absent, chatRow, composer, expect, messageWith, test } from './fixture';

const IMAGES = '../docs/images';

interface Cast {
  maya: Absent;
  tomas: Absent;
  aiko: Absent;
  jonas: Absent;
  vera: Absent;
}

/** Fills the list on the left; the newest stands on top. */
async function fillList({ maya, jonas, vera, aiko }: Cast): Promise<void> {
  const books = await vera.wire.group('Book club', [maya.id, aiko.id]);
  await vera.wire.say(books, 'Chapter seven by Thursday?');
  await maya.wire.say(books, 'I will try. It is a long one.');
  const withAiko = await aiko.wire.privateWith(maya.id);
  await aiko.wire.say(withAiko, 'The photos from the lake are up: https://example.org/lake');
  const withJonas = await jonas.wire.privateWith(maya.id);
  await maya.wire.say(withJonas, 'Did you bring the tent back?');
  await jonas.wire.say(withJonas, 'Yes! It is in the hall.', 'And thank you again 🙂');
  const withVera = await maya.wire.privateWith(vera.id);
  await maya.wire.say(withVera, 'Спасибо за рецепт!');
}

/** The conversation on the right. */
async function talk({ maya, tomas, aiko, jonas }: Cast): Promise<string> {
  const chat = await tomas.wire.group('Weekend hike', [maya.id, aiko.id, jonas.id]);
  await tomas.wire.say(chat, 'Morning all! Who is in for Saturday?');
  const [plan] = await tomas.wire.say(
    chat,
    'Train at 8:12 from platform 4, then the ridge path.\nAbout 14 km, 600 m up. Back by six.',
  );
  await tomas.wire.ask('message:pin', { messageId: plan?.id });
  await aiko.wire.say(chat, 'In! I will bring the big thermos.');
  await maya.wire.say(chat, 'Me too. Do we need the warm jackets?');
  await jonas.wire.say(chat, 'Forecast says 9 °C and wind on top, so yes.');
  await jonas.wire.say(chat, 'Map and huts: https://example.org/ridge-path');
  await maya.wire.say(chat, 'Perfect, I will get tickets for four.');
  await aiko.wire.say(chat, '🎉');
  return chat;
}

for (const theme of ['light', 'dark'] as const) {
  test(`a lively conversation, ${theme}`, async ({ meet, seat }) => {
    mkdirSync(IMAGES, { recursive: true });
    const maya = await meet('Maya Lindqvist');
    const cast: Cast = {
      maya,
      tomas: await meet('Tomás Rivera'),
      aiko: await meet('Aiko Tanaka'),
      jonas: await meet('Jonas Weber'),
      vera: await meet('Vera Smirnova'),
    };
    await fillList(cast);
    const chat = await talk(cast);
    await cast.tomas.wire.say(chat, 'Great, thank you Maya.');
    const [newest] = await cast.aiko.wire.say(chat, 'See you on the platform!');
    for (const { wire } of [cast.tomas, cast.jonas]) {
      await wire.ask('message:read', { messageId: newest?.id });
    }
    const { page } = await seat(maya, {
      colorScheme: theme,
      locale: 'en-US',
      reducedMotion: 'reduce',
    });
    await page.goto(`/chats/${chat}`);
    await expect(messageWith(page, 'See you on the platform!')).toBeVisible();
    await expect(chatRow(page, 'Weekend hike')).not.toContainText('unread');
    await page.goto('/chats');
    await chatRow(page, 'Weekend hike').click();
    await expect(messageWith(page, 'See you on the platform!')).toBeVisible();
    await cast.jonas.wire.ask('user:typing', { chatId: chat, isTyping: true });
    await expect(page.getByRole('main').getByText(/is typing/)).toBeVisible();
    await composer(page).fill('');
    await page.mouse.move(0, 0);
    await page.screenshot({ path: `${IMAGES}/client-${theme}.png` });
  });
}
