// The documents of routes and events: valid, the committed ones, and readable offline (1.5).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import specs from '@asyncapi/specs';
import { Validator } from '@seriousme/openapi-schema-validator';
import addFormats from 'ajv-formats';
import Ajv from 'ajv';
import { describe, get, startServer } from '../harness/index.mjs';

const committed = (name) => readFileSync(new URL(`../../docs/api/${name}`, import.meta.url), 'utf8');

describe('documents', () => {
  let server;
  before(async () => (server = await startServer()));
  after(() => server.finish());

  test('1.5 the routes: OpenAPI 3.1, bearer auth, the contract’s groups', async () => {
    const { status, headers, body, text } = await get(server, '/api/docs-json');
    assert.equal(status, 200);
    assert.match(headers['content-type'], /^application\/json/);
    const validator = new Validator();
    const { valid, errors } = await validator.validate(body);
    assert.ok(valid, JSON.stringify(errors, null, 1));
    assert.equal(validator.version, '3.1');
    assert.equal(body.info.title, 'Zvon API');
    assert.deepEqual(body.components.securitySchemes.bearer, { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' });
    const groups = body.tags.map(({ name }) => name);
    for (const group of ['auth', 'users', 'chats', 'health']) assert.ok(groups.includes(group), group);
    const ids = Object.values(body.paths).flatMap((path) => Object.values(path).map(({ operationId }) => operationId));
    assert.equal(new Set(ids).size, ids.length, 'each operation has a name of its own');
    assert.equal(text, committed('openapi.json'), 'what is committed is what is served: make gen');
  });

  test('1.5 the same as YAML', async () => {
    const { status, headers, text } = await get(server, '/api/docs-yaml');
    assert.deepEqual([status, headers['content-type']], [200, 'application/yaml']);
    assert.equal(text, committed('openapi.json'));
  });

  test('the events: AsyncAPI 3.0', async () => {
    const { status, body, text } = await get(server, '/api/events-json');
    assert.equal(status, 200);
    // The schema brings JSON Schema's own along.
    const ajv = new Ajv({ strict: false, allErrors: true, meta: false, validateSchema: false });
    addFormats(ajv);
    const validate = ajv.compile(specs.schemas['3.0.0']);
    assert.ok(validate(body), ajv.errorsText(validate.errors));
    for (const [path, target] of references(body)) {
      assert.ok(target.slice(2).split('/').reduce((at, step) => at?.[step], body), `${path} leads to ${target}`);
    }
    assert.equal(text, committed('asyncapi.json'), 'what is committed is what is served: make gen');
  });

  test('1.5 the page: both documents, no script, nothing from elsewhere, under the client’s policy', async () => {
    const page = await get(server, '/api/docs');
    assert.equal(page.status, 200);
    assert.match(page.headers['content-type'], /^text\/html/);
    const client = await get(server, '/', { headers: { accept: 'text/html' } });
    for (const name of ['content-security-policy', 'x-content-type-options', 'referrer-policy']) {
      assert.equal(page.headers[name], client.headers[name], name);
    }
    assert.doesNotMatch(page.text, /<script|\son\w+=|style=|https?:/i);
    for (const name of ['POST /auth/login', 'GET /chats/{chatId}/messages', 'message:forward-multiple', 'member:changed']) {
      assert.ok(page.text.includes(name), name);
    }
    const style = await get(server, '/api/docs.css');
    assert.match(style.headers['content-type'], /^text\/css/);
  });
});

/** Where in a document there are references, and to what. */
function references(value, path = '#') {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === '$ref' ? [[path, inner]] : references(inner, `${path}/${key}`));
}
