// Makes the cluster, verifies it, and tells the job of it.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const { annotate, environment, folder, input, note, region, run } = require("./shared.js");
const { annotations, summary } = require("./telling.js");

const UNUSABLE = 9; // the cluster stands, and its GPUs are not as they should be: the report says how

function name() {
  const { GITHUB_RUN_ID = "0", GITHUB_RUN_ATTEMPT = "1", GITHUB_JOB = "job" } = process.env;
  const drawn = `ci-${GITHUB_RUN_ID}-${GITHUB_RUN_ATTEMPT}-${GITHUB_JOB}`.toLowerCase();
  return input("name") || drawn.replace(/[^a-z0-9-]+/g, "-").slice(0, 40).replace(/-+$/, "");
}

async function main() {
  const cluster = name();
  // Before anything is asked for: whatever becomes of this process, the post-step knows what to delete.
  note("GITHUB_STATE", "name", cluster);
  const env = await environment();
  const place = path.join(folder(), `ackgpu-${cluster}`);
  fs.mkdirSync(place, { recursive: true, mode: 0o700 });
  const kubeconfig = path.join(place, "kubeconfig");
  const words = input("arguments").split(/\s+/).filter(Boolean);
  const file = input("file") ? ["--file", input("file")] : [];
  const made = await run(
    ["create", cluster, "--ttl", input("ttl") || "3h", "--no-input"].concat(
      ["--kubeconfig", kubeconfig, "-o", "json"], file, region(), words),
    env,
  );
  if (made.code !== 0 && made.code !== UNUSABLE) return fail("create", made);

  const report = path.join(place, "report.html");
  const junit = path.join(place, "junit.xml");
  note("GITHUB_OUTPUT", "name", cluster);
  note("GITHUB_OUTPUT", "kubeconfig", kubeconfig);
  const server = /^\s*server:\s*["']?(\S+?)["']?\s*$/m.exec(fs.readFileSync(kubeconfig, "utf8"));
  note("GITHUB_OUTPUT", "server", server ? server[1] : "");

  const verified = await run(
    ["verify", cluster, "--report", report, "--junit", junit, "-o", "json"].concat(region()), env);
  if (fs.existsSync(report)) note("GITHUB_OUTPUT", "report", report);
  if (fs.existsSync(junit)) {
    note("GITHUB_OUTPUT", "junit", junit);
    for (const found of annotations(fs.readFileSync(junit, "utf8"))) annotate("error", ...found);
  }
  const document = parsed(verified.out);
  if (document) fs.appendFileSync(process.env.GITHUB_STEP_SUMMARY, summary(cluster, document));
  return verified.code === 0 ? 0 : fail("verify", verified);
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function fail(verb, ended) {
  const error = (parsed(ended.out) || {}).error || {};
  const text = [error.message, error.resolution].filter(Boolean).join(" ");
  annotate("error", `ackgpu ${verb}`, text || `ackgpu ${verb} ended with ${ended.code}`);
  return ended.code;
}

main().then(
  (code) => (process.exitCode = code),
  (error) => {
    annotate("error", "ackgpu", error.message);
    process.exitCode = 2;
  },
);
