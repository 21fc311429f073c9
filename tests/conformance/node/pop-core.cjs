// @alicloud/pop-core behind wire names: one JSON request a line on stdin, one answer a line on
// stdout. Arguments: {endpoint, accessKeyId, accessKeySecret, securityToken} as JSON.
'use strict';

const readline = require('readline');
const { ROAClient, RPCClient } = require('@alicloud/pop-core');

const settings = JSON.parse(process.argv[2]);

function rpc({ version, action, parameters, method }) {
  const client = new RPCClient({ ...settings, apiVersion: version });
  return client.request(action, parameters, { method, formatParams: false });
}

function roa({ version, method, path, query, body }) {
  const client = new ROAClient({ ...settings, apiVersion: version });
  const headers = { 'Content-Type': 'application/json' };
  return client.request(method, path, query, body ? JSON.stringify(body) : '', headers);
}

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const request = JSON.parse(line);
    let answer;
    try {
      answer = { body: await (request.path ? roa(request) : rpc(request)) };
    } catch (error) {
      const { statusCode = 0 } = error.entry ? error.entry.response : error;
      // Container Service's errors are in lower case, which pop-core does not read by itself.
      const code = error.code || (error.result && error.result.code) || '';
      answer = { code, status: statusCode, message: String(error.message) };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
}

main();
