// A product-image service as most people would write it: Fastify, sharp, better-sqlite3.
//
// It does Fatrina's work: a bearer token, a photo of at most 20 MB, orientation and colours put
// right (sharp does so), three sizes, no metadata kept, files and row durable before the answer.
// Encoder settings are Fatrina's, not sharp's slower defaults. PEER_KEEP stores the original as it
// came instead, which is less than Fatrina does.
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { open, rename } from "node:fs/promises";
import { join } from "node:path";
import multipart from "@fastify/multipart";
import Database from "better-sqlite3";
import Fastify from "fastify";
import sharp from "sharp";

const { PEER_DATA: data, PEER_PORT: port, PEER_TOKEN: token, PEER_KEEP: keep } = process.env;
const media = join(data, "media");
mkdirSync(media, { recursive: true });

const sizes = [1000, 500, 120];
const save = {
  jpeg: { quality: 82, optimiseCoding: false },
  png: { compressionLevel: 3 },
  webp: { quality: 80, effort: 1 },
  avif: { quality: 60, effort: 0 },
  gif: { effort: 3 },
};

const hashed = (text) => createHash("sha256").update(text).digest("hex");
const db = new Database(join(data, "peer.sqlite3"));
db.pragma("journal_mode = WAL");
db.pragma("synchronous = FULL");
db.exec(`CREATE TABLE IF NOT EXISTS tokens (hash TEXT PRIMARY KEY);
  CREATE TABLE IF NOT EXISTS images
    (id INTEGER PRIMARY KEY, name TEXT, kind TEXT, width INT, height INT)`);
db.prepare("INSERT OR IGNORE INTO tokens VALUES (?)").run(hashed(token));
for (let id = 1; id <= 100; id++) db.prepare("INSERT OR IGNORE INTO images (id) VALUES (?)").run(id);
const known = db.prepare("SELECT 1 FROM tokens WHERE hash = ?");
const exists = db.prepare("SELECT 1 FROM images WHERE id = ?");
const change = db.prepare("UPDATE images SET name=?, kind=?, width=?, height=? WHERE id=?");

async function durable(path, content) {
  const file = await open(`${path}.part`, "w");
  await file.writeFile(content);
  await file.sync();
  await file.close();
  await rename(`${path}.part`, path);
}

const app = Fastify({ bodyLimit: 21_000_000 });
await app.register(multipart, { limits: { fileSize: 20_000_000, files: 1 } });

app.post("/images/:id", async (request, reply) => {
  const id = Number(request.params.id);
  const bearer = (request.headers.authorization ?? "").replace(/^Bearer /, "");
  if (!known.get(hashed(bearer))) return reply.code(401).send();
  if (!exists.get(id)) return reply.code(404).send();
  const buffer = await (await request.file()).toBuffer();
  let files, facts, kind;
  try {
    const image = sharp(buffer, { limitInputPixels: 100_000_000 }).autoOrient();
    facts = await image.metadata();
    kind = facts.format === "heif" && facts.compression === "av1" ? "avif" : facts.format;
    if (!(kind in save)) return reply.code(422).send();
    const made = sizes.map((size) =>
      image
        .clone()
        .resize(size, size, { fit: "inside", withoutEnlargement: true })
        .toFormat(kind, save[kind])
        .toBuffer(),
    );
    const best = kind === "jpeg" ? { quality: 95, optimiseCoding: false } : save[kind];
    const original = keep ? buffer : image.clone().toFormat(kind, best).toBuffer();
    files = await Promise.all([original, ...made]);
  } catch {
    return reply.code(422).send();
  }
  const name = randomBytes(24).toString("base64url");
  const paths = ["original", ...sizes].map((role) => `${name}-${role}.${kind}`);
  await Promise.all(files.map((content, at) => durable(join(media, paths[at]), content)));
  const folder = await open(media);
  await folder.sync();
  await folder.close();
  change.run(name, kind, facts.autoOrient.width, facts.autoOrient.height, id);
  return reply.code(201).send({ id, urls: paths.map((path) => `/media/${path}`) });
});

await app.listen({ host: "127.0.0.1", port: Number(port) });
