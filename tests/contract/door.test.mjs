// Who gets in, and how many: origins, addresses behind balancers, limits of connections, TLS.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { get as getOverTls } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { connect, describe, get, open, post, refusal, register, startServer, TRANSPORTS, until } from '../harness/index.mjs';

const POLLING = '/socket.io/?EIO=4&transport=polling';

describe('S2 pages of other origins do not get in', () => {
  let server, ann;
  before(async () => {
    server = await startServer({ env: { FRONTEND_URL: 'https://app.example.com' } });
    ann = await register(server);
  });
  after(() => server.finish());

  const strangers = [
    'null', 'https://evil-app.example.com', 'https://app.example.com.evil.org', 'https://app.example.com:444',
    'http://app.example.com', 'https://app.example.com/', 'https://APP.example.com', 'file://', 'app.example.com',
    'https://app.example.com@evil.org', 'http://127.0.0.1', 'http://127.0.0.1:1', 'http://localhost.evil.org',
  ];

  test('over HTTP: 403', async () => {
    for (const origin of strangers) {
      const { status, body } = await get(server, POLLING, { headers: { origin } });
      assert.deepEqual([status, body], [403, { code: 4, message: 'Origin not allowed' }], origin);
    }
    for (const origin of ['https://app.example.com', server.url, undefined]) {
      const headers = origin ? { origin } : {};
      assert.equal((await get(server, POLLING, { headers })).status, 200, origin);
    }
  });

  test('over WebSocket, to which no CORS applies: refused, with a token, too', async () => {
    for (const origin of strangers) {
      const socket = open(server, { auth: { token: ann.token }, extraHeaders: { origin }, reconnection: false });
      assert.equal((await socket.refused).message, 'websocket error', origin);
      socket.close();
    }
    for (const origin of ['https://app.example.com', server.url]) {
      (await connect(server, ann, { extraHeaders: { origin } })).close();
    }
  });

  test('S3 a token in a cookie or in the address is none', async () => {
    const options = { extraHeaders: { cookie: `token=${ann.token}` }, query: { token: ann.token } };
    assert.equal((await refusal(server, {}, options)).message, 'No token provided');
  });
});

describe('S16 addresses behind balancers', () => {
  const register = (server, forwarded) => {
    const body = { email: `${crypto.randomUUID()}@example.org`, password: 'long enough', name: 'Ann' };
    return post(server, '/auth/register', { body, headers: forwarded ? { 'x-forwarded-for': forwarded } : {} });
  };
  const env = { ZVON_LIMITS__SIGN_UP_PER_MINUTE: '2' };

  test('whoever is no balancer of ours is who it is, whatever it says', async () => {
    const server = await startServer({ env });
    for (const [n, status] of [201, 201, 429].entries()) {
      assert.equal((await register(server, `198.51.100.${n}`)).status, status);
    }
    await server.finish();
  });

  test('through a balancer of ours, clients are told apart by what it says, and by nothing before it', async () => {
    const server = await startServer({ env: { ...env, ZVON_SERVER__TRUSTED_PROXIES: '10.0.0.0/8, 127.0.0.1' } });
    for (const status of [201, 201, 429]) assert.equal((await register(server, '198.51.100.1')).status, status);
    assert.equal((await register(server, '198.51.100.2, 10.1.1.1')).status, 201, 'over two of them');
    assert.equal((await register(server, '192.0.2.1, 198.51.100.1')).status, 429, 'the client’s own invention');
    await server.finish();
  });
});

for (const transports of TRANSPORTS) {
  describe(`S14 how many connections there may be, over ${transports}`, () => {
    test('of a user: one more is refused, the others stay, and a closed one makes room', async () => {
      const server = await startServer({ env: { ZVON_LIMITS__CONNECTIONS_PER_USER: '3' } });
      const [ann, bob] = [await register(server, 'Ann'), await register(server, 'Bob')];
      const sockets = [];
      for (let n = 0; n < 3; n++) sockets.push(await connect(server, ann, { transports }));
      const { message, data } = await refusal(server, { token: ann.token }, { transports });
      assert.deepEqual([message, data], ['Too many connections', { code: 'RATE_LIMITED' }]);
      (await connect(server, bob, { transports })).close();
      for (const socket of sockets) {
        await socket.settle();
        assert.deepEqual(socket.disconnects, []);
      }
      sockets.pop().close();
      let again;
      await until(
        async () => {
          again = open(server, { auth: { token: ann.token }, transports, reconnection: false });
          return again.refused.then(() => false, () => true);
        },
        () => 'room for another one',
      );
      for (const socket of [...sockets, again]) socket.close();
      await server.finish();
    });

    test('of an address: one more is refused before anything is known of it', async () => {
      const server = await startServer({ env: { ZVON_LIMITS__CONNECTIONS_PER_ADDRESS: '4' } });
      const ann = await register(server, 'Ann');
      const sockets = [];
      for (let n = 0; n < 4; n++) sockets.push(await connect(server, ann, { transports }));
      const refused = await get(server, POLLING);
      assert.deepEqual([refused.status, refused.body.message], [429, 'Too many connections']);
      assert.ok(refused.headers['retry-after']);
      assert.equal((await get(server, '/health/readiness')).status, 200, 'routes are others');
      sockets.pop().close();
      await until(async () => (await get(server, POLLING)).status === 200, () => 'room for another one');
      for (const socket of sockets) socket.close();
      await server.finish();
    });
  });
}

describe('S1 TLS on the port itself', () => {
  let server, place, ca;
  before(async () => {
    place = mkdtempSync(join(tmpdir(), 'zvon-tls-'));
    const [key, cert] = [join(place, 'key.pem'), join(place, 'cert.pem')];
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
    execFileSync('openssl', ['req', '-x509', ...kind, ...subject, '-keyout', key, '-out', cert], { stdio: 'ignore' });
    ca = readFileSync(cert);
    server = await startServer({ env: { ZVON_SERVER__TLS_CERT: cert, ZVON_SERVER__TLS_KEY: key } });
  });
  after(async () => {
    await server.finish();
    rmSync(place, { recursive: true });
  });
  const url = () => server.url.replace('http:', 'https:');
  const ask = (path) =>
    new Promise((resolve, reject) => {
      const asked = getOverTls(`${url()}${path}`, { ca, agent: false }, (answer) => answer.resume().on('end', () => resolve(answer)));
      asked.on('error', reject);
    });

  test('routes, the client and both transports work over it; browsers are told to come back over it', async () => {
    const answer = await ask('/health/readiness');
    assert.deepEqual([answer.statusCode, answer.headers['strict-transport-security']], [200, 'max-age=31536000']);
    for (const transports of TRANSPORTS) {
      const socket = open(server, { url: url(), ca, transports, auth: { token: 'invalid-token' }, reconnection: false });
      assert.equal((await socket.refused).message, 'jwt malformed');
      socket.close();
    }
  });

  test('versions before 1.2 are refused, and so is what is no TLS', async () => {
    const version = (maxVersion, minVersion = maxVersion) =>
      new Promise((resolve) => {
        // The client's own policy forbids old versions, too; this lowers it.
        const options = { host: '127.0.0.1', port: server.port, ca, servername: 'localhost', maxVersion, minVersion, ciphers: 'DEFAULT@SECLEVEL=0' };
        const socket = connectTls(options, () => resolve(socket.getProtocol()) ?? socket.destroy());
        socket.on('error', () => resolve(null));
      });
    assert.deepEqual([await version('TLSv1.3'), await version('TLSv1.2')], ['TLSv1.3', 'TLSv1.2']);
    assert.deepEqual([await version('TLSv1.1'), await version('TLSv1')], [null, null]);
    await assert.rejects(get(server, '/health/readiness'));
    assert.equal((await ask('/health/readiness')).statusCode, 200);
  });
});

describe('S11 guessing passwords', () => {
  test('of one address: at one account, and at many', async () => {
    const server = await startServer({ env: { ZVON_LIMITS__SIGN_IN_PER_MINUTE: '1' } });
    const guess = (email, password = 'guess') => post(server, '/auth/login', { body: { email, password } });
    for (const status of [401, 429]) assert.equal((await guess('one@example.org')).status, status);
    for (let n = 0; n < 8; n++) assert.equal((await guess(`${n}@example.org`)).status, 401);
    const { status, headers } = await guess('another@example.org');
    assert.equal(status, 429);
    assert.ok(Number(headers['retry-after']) > 0);
    await server.finish();
  });

  test('from many addresses at one account: slower for all, closed to nobody; unknown accounts alike', async () => {
    const env = { ZVON_LIMITS__SIGN_IN_PER_MINUTE: '2', ZVON_SERVER__TRUSTED_PROXIES: '127.0.0.1' };
    const server = await startServer({ env });
    const ann = await register(server, 'Ann');
    const guess = async (email, from, password = 'guess') => {
      const began = performance.now();
      const { status, body } = await post(server, '/auth/login', { body: { email, password }, headers: { 'x-forwarded-for': from } });
      return { status, message: body.message, slow: performance.now() - began > 1400 };
    };
    for (const email of [ann.email, 'nobody@example.org']) {
      for (let n = 0; n < 4; n++) assert.equal((await guess(email, `198.51.100.${n}`)).status, 401);
      const { status, message, slow } = await guess(email, '198.51.100.9');
      assert.deepEqual([status, message, slow], [401, 'Неверный email или пароль', true], email);
    }
    const owner = await guess(ann.email, '192.0.2.1', ann.password);
    assert.deepEqual([owner.status, owner.slow], [201, true], 'the owner gets in');
    await server.finish();
  });
});
