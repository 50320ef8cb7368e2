// Bundles the chat widget and the support centre into build/widget/, held to their size, and the
// agents' desk into build/desk/.

import { copyFile, mkdir, readFile, readdir } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { parse } from "yaml";

const HERE = dirname(fileURLToPath(import.meta.url));
const SOURCE = join(HERE, "widget");
const DESK = join(HERE, "desk");
/** What the chat and the desk both show: results, links, moments, and the words for them. */
const SHARED = join(HERE, "shared");
const BUILD = join(HERE, "..", "..", "build");
const OUT = join(BUILD, "widget");
const DESK_OUT = join(BUILD, "desk");

/** Bytes after gzip. What customers wait for on a slow line must not grow unnoticed. */
const BUDGETS = [
  { name: "loader", folder: OUT, files: ["loader.js"], bytes: 5_000 },
  { name: "chat", folder: OUT, files: ["index.html", "chat.js", "chat.css"], bytes: 40_000 },
  { name: "desk", folder: DESK_OUT, files: ["index.html", "desk.js", "desk.css"], bytes: 90_000 },
  { name: "support centre", folder: OUT, files: ["support.js", "support.css"], bytes: 6_000 },
];

/** Keys that the code puts together: all that begin like this count as used. */
const COMPOSED = ["reason_", "outcome_", "outcome_note_", "status_", "starter_", "error_", "stars_"];

/** `import english from "english"`: the wording of texts.yml, as the fallback of every language. */
function english(texts) {
  return {
    name: "english",
    setup(bundle) {
      bundle.onResolve({ filter: /^english$/ }, () => ({ path: "english", namespace: "texts" }));
      bundle.onLoad({ filter: /.*/, namespace: "texts" },
        () => ({ contents: JSON.stringify(texts), loader: "json" }));
    },
  };
}

/**
 * Parts of the socket client that nothing here uses (another transport, binary packets), and what
 * it does itself for browsers that could not.
 */
const UNUSED = {
  "transports/webtransport.js": "export class WT {}",
  "contrib/has-cors.js": "export const hasCORS = true;",
  "contrib/parseuri.js": "export const parse = (source) => { const { hostname, protocol, port, "
    + "pathname } = new URL(source); return { source, host: hostname.replace(/[[\\]]/g, ''), "
    + "protocol: protocol.slice(0, -1), port, path: pathname }; };",
  "socket.io-parser/build/esm/is-binary.js":
    "export const hasBinary = () => false; export const isBinary = () => false;",
  "socket.io-parser/build/esm/binary.js":
    "export const deconstructPacket = (packet) => ({ packet, buffers: [] });"
    + "export const reconstructPacket = (packet) => packet;",
};

const lean = {
  name: "lean",
  setup(bundle) {
    for (const [path, contents] of Object.entries(UNUSED)) {
      const filter = new RegExp(`${path.replace(/[/.]/g, "[/\\\\.]")}$`);
      bundle.onLoad({ filter }, () => ({ contents, loader: "js" }));
    }
  },
};

/** Every key in the code has a text and every text is used. */
async function checkTexts(texts) {
  const used = new Set();
  for (const folder of [join(SOURCE, "chat"), SHARED]) {
    for (const file of await readdir(folder, { recursive: true })) {
      if (!/\.tsx?$/.test(file)) continue;
      const code = await readFile(join(folder, file), "utf8");
      for (const [, key] of code.matchAll(/\b(?:t|parts)\("([a-z0-9_]+)"/gi)) used.add(key);
    }
  }
  const missing = [...used].filter((key) => !(key in texts));
  const idle = Object.keys(texts).filter((key) => !used.has(key)
    && !COMPOSED.some((prefix) => key.startsWith(prefix)));
  if (missing.length || idle.length) {
    throw new Error(`texts.yml: missing ${missing.join(", ") || "none"}; `
      + `unused ${idle.join(", ") || "none"}`);
  }
}

async function checkSizes() {
  for (const { name, folder, files, bytes } of BUDGETS) {
    let size = 0;
    for (const file of files) size += gzipSync(await readFile(join(folder, file)), { level: 9 }).length;
    console.log(`${name}: ${size} bytes gzip of ${bytes} (${files.join(", ")})`);
    if (size > bytes) throw new Error(`${name} is over its budget`);
  }
}

async function main() {
  const texts = parse(await readFile(join(SOURCE, "texts.yml"), "utf8"));
  await checkTexts(texts);
  await mkdir(OUT, { recursive: true });
  await mkdir(DESK_OUT, { recursive: true });
  const common = {
    bundle: true, minify: true, target: ["chrome94", "firefox93", "safari15.4"], legalComments: "none",
    charset: "utf8", logLevel: "warning", absWorkingDir: HERE,
  };
  const preact = { format: "esm", jsx: "automatic", jsxImportSource: "preact",
    define: { "process.env.NODE_ENV": '"production"' }, plugins: [lean, english(texts)] };
  await Promise.all([
    build({ ...common, entryPoints: [join(SOURCE, "loader", "index.ts")], format: "iife",
      outfile: join(OUT, "loader.js") }),
    build({ ...common, ...preact, entryPoints: [join(SOURCE, "chat", "main.tsx")],
      outfile: join(OUT, "chat.js"), mangleProps: /^_[a-z]/, mangleQuoted: true }),
    build({ ...common, ...preact, entryPoints: [join(DESK, "main.tsx")],
      outfile: join(DESK_OUT, "desk.js") }),
    build({ ...common, entryPoints: [join(DESK, "styles", "desk.css")],
      outfile: join(DESK_OUT, "desk.css") }),
    copyFile(join(DESK, "index.html"), join(DESK_OUT, "index.html")),
    copyFile(join(DESK, "icon.svg"), join(DESK_OUT, "icon.svg")),
    build({ ...common, entryPoints: [join(SOURCE, "chat", "styles", "chat.css")],
      outfile: join(OUT, "chat.css") }),
    build({ ...common, entryPoints: [join(HERE, "support", "support.ts")], format: "esm",
      outfile: join(OUT, "support.js") }),
    build({ ...common, entryPoints: [join(HERE, "support", "support.css")],
      outfile: join(OUT, "support.css") }),
    copyFile(join(SOURCE, "index.html"), join(OUT, "index.html")),
  ]);
  await checkSizes();
}

main().catch((error) => {
  console.error(`web: ${error.errors ? "it does not compile" : error.message}`);
  console.error(`web: ${relative(process.cwd(), HERE)}`);
  process.exit(1);
});
