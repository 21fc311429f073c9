// The @alicloud/* SDKs behind wire names: one JSON request a line on stdin, one answer a line on
// stdout. Arguments: the SDK's Config as JSON.
'use strict';

const readline = require('readline');
const $dara = require('@darabonba/typescript');

const PACKAGES = { vpc: '@alicloud/vpc20160428', ecs: '@alicloud/ecs20140526', cs: '@alicloud/cs20151215' };
const { hosts, ...settings } = JSON.parse(process.argv[2]);

const clients = {};
for (const [product, name] of Object.entries(PACKAGES)) {
  const models = require(name);
  clients[product] = { models, client: new models.default({ ...settings, endpoint: hosts[product] }) };
}

// The SDK's own names: wire names in, its model in between, wire names out.
async function call({ product, action, path, parameters }) {
  const { models, client } = clients[product];
  const method = action[0].toLowerCase() + action.slice(1);
  const Request = models[`${action}Request`];
  const given = Request ? [$dara.cast(parameters, new Request({}))] : [];
  const response = await client[method](...path, ...given);
  return wire(response.body);
}

function wire(value) {
  if (Array.isArray(value)) return value.map(wire);
  if (value === null || typeof value !== 'object') return value;
  const names = value.constructor.names ? value.constructor.names() : {};
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [names[key] || key, wire(each)]));
}

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    let answer;
    try {
      answer = { body: await call(JSON.parse(line)) };
    } catch (error) {
      answer = { code: error.code || '', status: error.statusCode || 0, message: String(error.message) };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
}

main();
