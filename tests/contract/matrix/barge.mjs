// A client that does not take no for an answer: refused at the handshake, it sends its command all
// the same, below the official client, which would not.
import WebSocket from 'ws';

/** How the handshake was refused, and every packet that came after it. */
export function barge(server, token, event, payload) {
  const { port } = new URL(server.url);
  const socket = new WebSocket(`ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`);
  const connect = token === undefined ? '40' : `40${JSON.stringify({ token })}`;
  return new Promise((resolve, reject) => {
    let refusal;
    const packets = [];
    const timer = setTimeout(() => reject(new Error('no answer to a handshake')), 8000);
    const done = () => {
      clearTimeout(timer);
      socket.close();
      resolve({ refusal, packets });
    };
    socket.on('error', reject);
    socket.on('close', done);
    socket.on('message', (data) => {
      const text = String(data);
      if (text.startsWith('0')) return socket.send(connect);
      if (!text.startsWith('4')) return;
      if (refusal) return text.startsWith('44') ? done() : packets.push(text);
      if (!text.startsWith('44')) return packets.push(text) && done();
      refusal = JSON.parse(text.slice(2));
      socket.send(`421${JSON.stringify([event, payload])}`);
      // What is sent is read in order: the second refusal comes after the command.
      socket.send('40');
    });
  });
}
