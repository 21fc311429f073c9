// What a job shows of a verification: a table for its summary, an annotation for each failed check.
"use strict";

const SIGNS = { passed: "✓", failed: "✗", warning: "!", skipped: "–", unknown: "?" };

// Nothing from a node or the cloud may become markup of the summary.
const cell = (text) =>
  String(text == null ? "" : text)
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/[\\`*_{}[\]()#+!|~-]/g, (sign) => `\\${sign}`)
    .replace(/\s+/g, " ");

function summary(name, document) {
  const rungs = document.rungs || [];
  const nodes = document.nodes || [];
  const fine = (node) => !(node.rungs || []).some((rung) => rung.verdict === "failed");
  const lines = [
    `### ${document.ok ? "✓" : "✗"} ${cell(name)}: ${nodes.filter(fine).length} of ${nodes.length} nodes verified`,
    "",
    `| node | type | ${rungs.map(cell).join(" | ")} |`,
    `|---|---|${rungs.map(() => "---|").join("")}`,
  ];
  for (const node of nodes) {
    const byName = Object.fromEntries((node.rungs || []).map((rung) => [rung.name, rung]));
    const marks = rungs.map((rung) => {
      const { verdict = "skipped", value = "" } = byName[rung] || {};
      return `${SIGNS[verdict] || cell(verdict)} ${cell(value)}`.trim();
    });
    lines.push(`| ${cell(node.node)} | ${cell(node.instanceType)} | ${marks.join(" | ")} |`);
  }
  for (const node of nodes) {
    for (const rung of node.rungs || []) {
      if (rung.verdict !== "failed") continue;
      lines.push("", `**${cell(node.node)}, ${cell(rung.name)}**: ${cell(rung.message)} → ${cell(rung.remedy)}`);
    }
  }
  if (document.error) lines.push("", `${cell(document.error.message)} → ${cell(document.error.resolution)}`);
  return `${lines.join("\n")}\n`;
}

const ENTITIES = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };
const plain = (text) =>
  text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, word) =>
    hex ? String.fromCodePoint(parseInt(hex, 16))
      : decimal ? String.fromCodePoint(parseInt(decimal, 10))
      : ENTITIES[word] || whole);
const attribute = (tag, name) => {
  const found = new RegExp(`\\b${name}="([^"]*)"`).exec(tag);
  return found ? plain(found[1]) : "";
};

// The failed cases of ackgpu's own JUnit file, as [title, text].
function annotations(xml) {
  const found = [];
  const cases = /<testcase\b((?:[^>"]|"[^"]*")*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g;
  for (const [, tag, body = ""] of xml.matchAll(cases)) {
    const failure = /<(?:failure|error)\b((?:[^>"]|"[^"]*")*?)(?:\/>|>([\s\S]*?)<\/(?:failure|error)>)/.exec(body);
    if (!failure) continue;
    const text = [attribute(failure[1], "message"), plain(failure[2] || "").trim()].filter(Boolean);
    found.push([`${attribute(tag, "classname")}: ${attribute(tag, "name")}`, text.join("\n")]);
  }
  return found;
}

module.exports = { annotations, summary };
