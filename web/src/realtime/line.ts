/**
 * The line to the server: one Socket.IO connection that comes back by itself. The pauses between
 * tries are kept here rather than in the library, so that the screens can show and skip them.
 */
import { io, type Socket } from 'socket.io-client';
import { pauseBefore } from './backoff';

/**
 * The truth about the line. `since` is when it went online, or when the trouble began (not each try
 * to end it); `retryAt` is when the next try starts.
 */
export type LineState = { since: number } & (
  | { state: 'connecting' }
  | { state: 'online' }
  | { state: 'offline' }
  | { state: 'reconnecting'; retryAt: number }
  | { state: 'draining'; retryAt: number }
  | { state: 'signed-out' }
);

/** What the owner of a line is told. */
export interface LineEvents {
  onState(state: LineState): void;
  /** Connected: time to `sync`. */
  onOpen(): void;
  onEvent(name: string, payload: unknown): void;
  /** The server knows the token no more; `code` says why. */
  onRefused(code: string | null): void;
}

/** WebSocket close codes of a server that goes down in good order. */
const GOING_AWAY = [1001, 1012];
const UNREACHABLE_CODES = ['UNAVAILABLE', 'INTERNAL', 'RATE_LIMITED'];

/** A line to the server of one signed-in account. */
export class Line {
  readonly #socket: Socket;
  readonly #events: LineEvents;
  #attempt = 0;
  #troubleSince = Date.now();
  /** The server said that it goes down; what fails until it is back is no surprise. */
  #isDraining = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(url: string, token: string, events: LineEvents) {
    this.#events = events;
    const auth = { token };
    const transports = ['websocket', 'polling'];
    this.#socket = io(url, {
      auth,
      transports,
      tryAllTransports: true,
      reconnection: false,
      autoConnect: false,
      forceNew: true,
    });
    this.#socket.on('connect', () => this.#opened());
    this.#socket.on('connect_error', (error) => this.#notOpened(error));
    this.#socket.on('disconnect', (_reason, details) => this.#lost(closeCode(details)));
    this.#socket.onAny((name: string, payload: unknown) => events.onEvent(name, payload));
    this.#watchNetwork('addEventListener');
  }

  /** Starts to connect, at once. */
  open(): void {
    clearTimeout(this.#timer);
    if (this.#closed || this.#socket.connected) return;
    this.#tell({ state: 'connecting' });
    this.#socket.disconnect().connect();
  }

  /** Ends it for good. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#watchNetwork('removeEventListener');
    this.#socket.disconnect();
  }

  /** Sends a command and waits for its ack. Rejects when the line breaks or time is up. */
  async ask(event: string, payload: unknown, patience = 10_000): Promise<unknown> {
    if (!this.#socket.connected) throw new Error('offline');
    return await this.#socket.timeout(patience).emitWithAck(event, payload);
  }

  /** Sends what may be lost. */
  tell(event: string, payload: unknown): void {
    if (this.#socket.connected) this.#socket.volatile.emit(event, payload);
  }

  get isOpen(): boolean {
    return this.#socket.connected;
  }

  #opened(): void {
    this.#attempt = 0;
    this.#isDraining = false;
    clearTimeout(this.#timer);
    this.#events.onOpen();
  }

  #notOpened(error: Error & { data?: { code?: string } }): void {
    // Only a refusal by the server itself has `data`; what else fails is the network's doing.
    const code = error.data?.code ?? null;
    const isRefusal = 'data' in error && !UNREACHABLE_CODES.includes(code ?? '');
    if (isRefusal) this.#events.onRefused(code);
    else this.#retry();
  }

  #lost(code: number | null): void {
    if (this.#closed) return;
    this.#troubleSince = Date.now();
    this.#isDraining = code !== null && GOING_AWAY.includes(code);
    this.#retry();
  }

  #retry(): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    if (globalThis.navigator?.onLine === false) {
      this.#tell({ state: 'offline' });
      return;
    }
    const pause = pauseBefore(this.#attempt++, Math.random());
    const state = this.#isDraining ? 'draining' : 'reconnecting';
    this.#tell({ state, retryAt: Date.now() + pause });
    this.#timer = setTimeout(() => this.open(), pause);
  }

  /** Called by the owner when it has caught up. */
  caughtUp(): void {
    this.#tell({ state: 'online' });
  }

  #tell(state: Untimed<LineState>): void {
    const since = state.state === 'online' ? Date.now() : this.#troubleSince;
    this.#events.onState({ ...state, since } as LineState);
  }

  readonly #onNetwork = () => this.open();

  readonly #onNoNetwork = () => {
    clearTimeout(this.#timer);
    this.#socket.disconnect();
    this.#tell({ state: 'offline' });
  };

  #watchNetwork(how: 'addEventListener' | 'removeEventListener'): void {
    globalThis.window?.[how]('online', this.#onNetwork);
    globalThis.window?.[how]('offline', this.#onNoNetwork);
  }
}

type Untimed<S> = S extends LineState ? Omit<S, 'since'> : never;

function closeCode(details: unknown): number | null {
  const context = (details as { context?: { code?: unknown } } | undefined)?.context;
  return typeof context?.code === 'number' ? context.code : null;
}
