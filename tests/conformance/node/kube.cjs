// @kubernetes/client-node in one process: the names of the nodes for each line on stdin.
// Arguments: {"kubeconfig": PATH} as JSON.
'use strict';

const readline = require('readline');

async function main() {
  const { KubeConfig, CoreV1Api } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  config.loadFromFile(JSON.parse(process.argv[2]).kubeconfig);
  const api = config.makeApiClient(CoreV1Api);
  for await (const line of readline.createInterface({ input: process.stdin })) {
    let answer;
    try {
      const nodes = await api.listNode();
      answer = { body: nodes.items.map((node) => node.metadata.name), asked: line };
    } catch (error) {
      answer = { code: '', status: 0, message: String(error.message) };
    }
    process.stdout.write(JSON.stringify(answer) + '\n');
  }
}

main();
