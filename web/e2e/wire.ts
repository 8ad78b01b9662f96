/** Seeding over the wire: what a test is not about is done without the browser. */
import { io, type Socket } from 'socket.io-client';
import type { ChatCreateAck } from '../src/protocol/ChatCreateAck';
import type { ChatGetAck } from '../src/protocol/ChatGetAck';
import type { Message } from '../src/protocol/Message';
import type { SignedIn } from '../src/protocol/SignedIn';

/** Most sends under way at once. */
const VOLLEY = 200;

/** Registers an account. */
export async function register(url: string, name: string): Promise<SignedIn> {
  const handle = name.toLowerCase().replaceAll(/[^a-z]+/g, '.');
  const email = `${handle}.${crypto.randomUUID().slice(0, 8)}@example.org`;
  const response = await fetch(`${url}/auth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name, email, password: 'correct horse' }),
  });
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as SignedIn;
}

/** A bare connection of an account. */
export class Wire {
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  static async connect(url: string, { accessToken }: SignedIn): Promise<Wire> {
    const socket = io(url, {
      auth: { token: accessToken },
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
    });
    await new Promise<void>((resolve, reject) => {
      socket.once('connection:established', () => resolve());
      socket.once('connect_error', reject);
    });
    return new Wire(socket);
  }

  /** Sends a command; refusals are errors. */
  async ask<T>(event: string, payload: unknown): Promise<T> {
    const ack: unknown = await this.#socket.timeout(20_000).emitWithAck(event, payload);
    const refused = ack === null || (ack as { status?: unknown }).status === 'error';
    if (refused) throw new Error(`${event}: ${JSON.stringify(ack)}`);
    return ack as T;
  }

  async privateWith(recipientId: string): Promise<string> {
    return (await this.ask<ChatGetAck>('chat:get', { recipientId })).chatId;
  }

  async group(title: string, participants: string[]): Promise<string> {
    return (await this.ask<ChatCreateAck>('chat:create', { title, participants })).chat.id;
  }

  async say(chatId: string, ...texts: string[]): Promise<Message[]> {
    const sent: Message[] = [];
    for (let from = 0; from < texts.length; from += VOLLEY) {
      const volley = texts.slice(from, from + VOLLEY);
      const acks = volley.map((content) => this.ask<Message>('message', { chatId, content }));
      sent.push(...(await Promise.all(acks)));
    }
    return sent;
  }

  close(): void {
    this.#socket.disconnect();
  }
}
