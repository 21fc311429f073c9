// What the action's two steps share. Nothing but Node's own modules: nothing has to be installed.
"use strict";

const { execFileSync, spawn } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");

const ROOT = path.resolve(__dirname, "../../..");

const input = (name) => (process.env[`INPUT_${name.toUpperCase()}`] || "").trim();
const state = (name) => process.env[`STATE_${name}`] || "";
const folder = () => process.env.RUNNER_TEMP || os.tmpdir();

// A value may have several lines: it stands between two marks that it cannot contain.
function note(variable, name, value) {
  const mark = `end_of_${name}_${process.pid}_${Date.now()}`;
  fs.appendFileSync(process.env[variable], `${name}<<${mark}\n${value}\n${mark}\n`);
}

const escaped = (text) => text.replace(/%/g, "%25").replace(/\r/g, "%0D").replace(/\n/g, "%0A");
const escapedProperty = (text) => escaped(text).replace(/:/g, "%3A").replace(/,/g, "%2C");

function annotate(kind, title, text) {
  process.stdout.write(`::${kind} title=${escapedProperty(title)}::${escaped(text)}\n`);
}

// The ackgpu of the PATH, else this repository's own, installed beside the job's other temporary files.
function program() {
  for (const place of (process.env.PATH || "").split(path.delimiter)) {
    const found = path.join(place, "ackgpu");
    if (place && fs.existsSync(found)) return found;
  }
  const venv = path.join(folder(), "ackgpu-venv");
  const installed = path.join(venv, "bin", "ackgpu");
  if (!fs.existsSync(installed)) {
    const options = { stdio: ["ignore", 2, 2] };
    execFileSync("python3", ["-m", "venv", venv], options);
    execFileSync(path.join(venv, "bin", "pip"), ["install", "-q", ROOT], options);
  }
  return installed;
}

// Runs ackgpu; its progress goes to the log. A runner cancels with SIGINT to this process alone and
// SIGTERM seven and a half seconds later: both are passed on, so that ackgpu stops safely first and at
// once then. Resolves to the exit code and what was printed.
function run(words, env) {
  return new Promise((resolve) => {
    const child = spawn(program(), words, { env, stdio: ["ignore", "pipe", "inherit"] });
    const pass = {};
    for (const signal of ["SIGINT", "SIGTERM"]) {
      pass[signal] = () => child.kill(signal);
      process.on(signal, pass[signal]);
    }
    let out = "";
    child.stdout.on("data", (data) => (out += data));
    const end = (code) => {
      for (const signal of Object.keys(pass)) process.off(signal, pass[signal]);
      resolve({ code, out });
    };
    child.on("error", (error) => {
      annotate("error", "ackgpu", `ackgpu could not be started: ${error.message}`);
      end(2);
    });
    child.on("close", (code, signal) => end(signal ? 128 + os.constants.signals[signal] : code));
  });
}

// The environment with the role's credentials. The token lives for minutes only, so that each of the two
// steps asks for its own; it is masked, and kept in a file that nobody else can read.
async function environment() {
  const env = { ...process.env };
  const role = input("role");
  if (!role) return env;
  const address = process.env.ACTIONS_ID_TOKEN_REQUEST_URL;
  if (!address) throw new Error("role needs the job's permission `id-token: write`");
  if (!input("oidc-provider")) throw new Error("role needs oidc-provider as well");
  const url = new URL(address);
  url.searchParams.set("audience", input("audience"));
  const answer = await fetch(url, {
    headers: { Authorization: `Bearer ${process.env.ACTIONS_ID_TOKEN_REQUEST_TOKEN}` },
  });
  if (!answer.ok) throw new Error(`the runner gave no OIDC token: HTTP ${answer.status}`);
  const token = (await answer.json()).value;
  process.stdout.write(`::add-mask::${token}\n`);
  const file = path.join(folder(), "ackgpu-oidc-token");
  fs.rmSync(file, { force: true });
  fs.writeFileSync(file, token, { mode: 0o600 });
  for (const prefix of ["ACKGPU", "ALIBABA_CLOUD", "ALICLOUD"]) {
    for (const key of ["ACCESS_KEY", "ACCESS_KEY_ID", "ACCESS_KEY_SECRET", "SECRET_KEY", "SECURITY_TOKEN"]) {
      delete env[`${prefix}_${key}`]; // keys of the environment would be taken before the role
    }
  }
  return {
    ...env,
    ALIBABA_CLOUD_ROLE_ARN: role,
    ALIBABA_CLOUD_OIDC_PROVIDER_ARN: input("oidc-provider"),
    ALIBABA_CLOUD_OIDC_TOKEN_FILE: file,
  };
}

const region = () => (input("region") ? ["--region", input("region")] : []);

module.exports = { annotate, environment, folder, input, note, region, run, state };
