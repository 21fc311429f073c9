// Deletes the cluster when the job ends, whatever became of it.
"use strict";

const { annotate, environment, input, region, run, state } = require("./shared.js");

const NOT_FOUND = 5; // nothing was made yet, or somebody has deleted it

async function main() {
  const cluster = state("name");
  if (!cluster) return 0; // the main step did not get as far as a name
  if (input("keep") === "true") {
    annotate("notice", "ackgpu", `${cluster} is kept; \`ackgpu gc --expired --execute\` deletes it after its ttl.`);
    return 0;
  }
  const ended = await run(["delete", cluster, "-y", "--no-input"].concat(region()), await environment());
  if (ended.code === 0 || ended.code === NOT_FOUND) return 0;
  annotate("error", "ackgpu delete", `${cluster} could not be deleted (exit ${ended.code}). ` +
    "Run `ackgpu gc --expired --execute` after its ttl, or delete it by hand: it is billed.");
  return ended.code;
}

main().then(
  (code) => (process.exitCode = code),
  (error) => {
    annotate("error", "ackgpu", error.message);
    process.exitCode = 2;
  },
);
