// Everything a front end does with `storage`.
import assert from "node:assert/strict";
import { test } from "node:test";
import { connect, ok, refused, service, signedIn, sorted } from "./support.mjs";

const owner = await signedIn();
const other = await signedIn();
const mine = owner.client.storage.from("documents");
const path = (name) => `${owner.id}/${name}`;
const text = (blob) => blob.text();
const asText = "text/plain;charset=UTF-8";

test("buckets are the service's to manage", async () => {
  const id = `bucket-${Date.now()}`;
  assert.deepEqual(await ok(service.storage.createBucket(id, { public: false, fileSizeLimit: "10B", allowedMimeTypes: ["text/plain"] })), { name: id });
  assert.equal((await refused(service.storage.createBucket(id))).message, "The resource already exists");
  const bucket = await ok(service.storage.getBucket(id));
  assert.deepEqual([bucket.id, bucket.public, bucket.file_size_limit, bucket.allowed_mime_types], [id, false, 10, ["text/plain"]]);
  assert.ok((await ok(service.storage.listBuckets())).some((each) => each.id === "avatars" && each.public));
  const files = service.storage.from(id);
  assert.match((await refused(files.upload("a.txt", "more than ten bytes", { contentType: "text/plain" }))).message, /maximum allowed size/);
  assert.match((await refused(files.upload("a.png", "x", { contentType: "image/png" }))).message, /mime type image\/png is not supported/);
  await ok(files.upload("a.txt", "ten bytes!", { contentType: "text/plain" }));
  assert.match((await refused(service.storage.deleteBucket(id))).message, /not empty/);
  await ok(service.storage.updateBucket(id, { public: true, fileSizeLimit: null, allowedMimeTypes: null }));
  assert.equal((await ok(service.storage.getBucket(id))).public, true);
  await ok(service.storage.emptyBucket(id));
  assert.deepEqual(await ok(files.list()), []);
  await ok(service.storage.deleteBucket(id));
  assert.equal((await refused(service.storage.getBucket(id))).message, "Bucket not found");
  assert.deepEqual(await ok(owner.client.storage.listBuckets()), []);
  assert.match((await refused(owner.client.storage.createBucket("mine"))).message, /row-level security/);
});

test("upload, download, overwrite, update", async () => {
  const made = await ok(mine.upload(path("notes/one.txt"), new Blob(["first"], { type: asText }), { cacheControl: "60", metadata: { mood: "good" } }));
  assert.equal(made.path, path("notes/one.txt"));
  assert.equal(made.fullPath, `documents/${path("notes/one.txt")}`);
  assert.equal(await text(await ok(mine.download(path("notes/one.txt")))), "first");
  assert.equal((await refused(mine.upload(path("notes/one.txt"), "again"))).message, "The resource already exists");
  await ok(mine.upload(path("notes/one.txt"), "second", { upsert: true }));
  assert.equal(await text(await ok(mine.download(path("notes/one.txt")))), "second");
  await ok(mine.update(path("notes/one.txt"), "third", { cacheControl: "30", metadata: { mood: "better" } }));
  assert.equal(await text(await ok(mine.download(path("notes/one.txt")))), "third");
  const info = await ok(mine.info(path("notes/one.txt")));
  assert.deepEqual([info.size, info.cacheControl, info.metadata], [5, "max-age=30", { mood: "better" }]);
  assert.equal(await ok(mine.exists(path("notes/one.txt"))), true);
  assert.equal((await mine.exists(path("nothing.txt"))).data, false);
});

test("bodies of every kind", async () => {
  const form = new FormData();
  form.append("file", new Blob(["form"]));
  const bodies = { buffer: Buffer.from("buffer"), bytes: new TextEncoder().encode("bytes"), form, empty: "", file: new File(["file"], "file.txt") };
  for (const [name, body] of Object.entries(bodies)) {
    await ok(mine.upload(path(`kinds/${name}`), body, { upsert: true }));
    assert.equal(await text(await ok(mine.download(path(`kinds/${name}`)))), name === "empty" ? "" : name);
  }
});

test("list: folders, search, sort, pages", async () => {
  for (const name of ["a.txt", "b.txt", "100_a.txt", "1000.txt", "deep/er/c.txt"]) await ok(mine.upload(path(`list/${name}`), name, { upsert: true }));
  const all = await ok(mine.list(path("list")));
  assert.deepEqual(sorted(all.map((each) => each.name)), ["1000.txt", "100_a.txt", "a.txt", "b.txt", "deep"]);
  const folder = all.find((each) => each.name === "deep");
  assert.deepEqual([folder.id, folder.metadata], [null, null]);
  const file = all.find((each) => each.name === "a.txt");
  assert.deepEqual([file.metadata.size, typeof file.id], [5, "string"]);
  assert.deepEqual((await ok(mine.list(path("list"), { search: "b.t" }))).map((each) => each.name), ["b.txt"]);
  assert.deepEqual((await ok(mine.list(path("list"), { search: "100_" }))).map((each) => each.name), ["100_a.txt"]);
  const page = await ok(mine.list(path("list"), { limit: 2, offset: 1, sortBy: { column: "name", order: "desc" } }));
  assert.equal(page.length, 2);
  if (mine.listV2) {
    const first = await ok(mine.listV2({ prefix: path("list/"), limit: 2, with_delimiter: true }));
    assert.equal(first.hasNext, true);
    const rest = await ok(mine.listV2({ prefix: path("list/"), limit: 10, with_delimiter: true, cursor: first.nextCursor }));
    assert.deepEqual([first.objects.length + first.folders.length + rest.objects.length + rest.folders.length, rest.hasNext], [5, false]);
  }
});

test("move, copy, remove", async () => {
  await ok(mine.upload(path("m/a.txt"), "moving", { upsert: true }));
  assert.equal((await ok(mine.move(path("m/a.txt"), path("m/b.txt")))).message, "Successfully moved");
  assert.equal((await refused(mine.move(path("m/a.txt"), path("m/c.txt")))).message, "Object not found");
  assert.equal((await ok(mine.copy(path("m/b.txt"), path("m/c.txt")))).path, `documents/${path("m/c.txt")}`);
  assert.equal(await text(await ok(mine.download(path("m/c.txt")))), "moving");
  await ok(mine.move(path("m/c.txt"), path("m/c.txt"), { destinationBucket: "tutorials" }));
  assert.equal(await text(await ok(owner.client.storage.from("tutorials").download(path("m/c.txt")))), "moving");
  const removed = await ok(mine.remove([path("m/b.txt"), path("m/missing.txt")]));
  assert.deepEqual(removed.map((each) => each.name), [path("m/b.txt")]);
  assert.equal((await mine.download(path("m/b.txt"))).data, null);
});

test("signed URLs, one and many, with a name to save as", async () => {
  await ok(mine.upload(path("signed.txt"), "signed", { upsert: true }));
  const { signedUrl } = await ok(mine.createSignedUrl(path("signed.txt"), 60, { download: "te st.txt" }));
  const answer = await fetch(signedUrl);
  assert.deepEqual([answer.status, await answer.text()], [200, "signed"]);
  assert.match(answer.headers.get("content-disposition"), /^attachment;.*filename\*=UTF-8''te%20st\.txt/);
  const many = await ok(mine.createSignedUrls([path("signed.txt"), path("missing.txt")], 60));
  assert.deepEqual([many[0].error, many[1].signedUrl], [null, null]);
  assert.ok(many[1].error);
  assert.equal((await fetch(many[0].signedUrl)).status, 200);
  assert.equal((await fetch(signedUrl.replace("signed.txt", "other.txt"))).status, 400);
  assert.equal((await refused(mine.createSignedUrl(path("missing.txt"), 60))).message, "Object not found");
});

test("signed upload URLs", async () => {
  const name = path(`given-${Date.now()}.txt`);
  const { token } = await ok(mine.createSignedUploadUrl(name));
  const stranger = connect().storage.from("documents");
  assert.equal((await ok(stranger.uploadToSignedUrl(name, token, "given", { contentType: "text/plain" }))).path, name);
  assert.equal(await text(await ok(mine.download(name))), "given");
  assert.equal((await refused(stranger.uploadToSignedUrl(name, token, "twice"))).message, "The resource already exists");
  assert.notEqual((await stranger.uploadToSignedUrl(path("another.txt"), token, "x")).error, null);
  assert.match((await refused(other.client.storage.from("documents").createSignedUploadUrl(path("x.txt")))).message, /row-level security/);
});

test("public buckets are read by everybody and written below one's own id", async () => {
  const png = Uint8Array.from(atob("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="), (c) => c.charCodeAt(0));
  const avatars = owner.client.storage.from("avatars");
  await ok(avatars.upload(path("me.png"), png, { contentType: "image/png", upsert: true }));
  const { publicUrl } = avatars.getPublicUrl(path("me.png")).data;
  const answer = await fetch(publicUrl);
  assert.deepEqual([answer.status, answer.headers.get("content-type"), (await answer.arrayBuffer()).byteLength], [200, "image/png", png.length]);
  assert.equal((await fetch(publicUrl, { headers: { "if-none-match": answer.headers.get("etag") } })).status, 304);
  const part = await fetch(publicUrl, { headers: { range: "bytes=1-3" } });
  assert.deepEqual([part.status, await part.text(), part.headers.get("content-range")], [206, "PNG", `bytes 1-3/${png.length}`]);
  assert.match((await refused(other.client.storage.from("avatars").upload(path("you.png"), png, { contentType: "image/png" }))).message, /row-level security/);
  assert.match((await refused(avatars.upload(path("page.html"), "<script>", { contentType: "text/html" }))).message, /not supported/);
  assert.notEqual((await avatars.upload(path("fake.png"), "<script>", { contentType: "image/png" })).error, null);
});

test("another's objects do not exist", async () => {
  await ok(mine.upload(path("secret.txt"), "canary", { upsert: true }));
  const theirs = other.client.storage.from("documents");
  const foreign = await refused(theirs.info(path("secret.txt")));
  const missing = await refused(theirs.info(path("missing.txt")));
  assert.deepEqual(foreign, missing);
  assert.equal((await theirs.download(path("secret.txt"))).data, null);
  assert.deepEqual(await ok(theirs.list(owner.id)), []);
  assert.deepEqual(await ok(theirs.remove([path("secret.txt")])), []);
  assert.equal((await refused(theirs.createSignedUrl(path("secret.txt"), 60))).message, "Object not found");
  assert.equal((await refused(theirs.copy(path("secret.txt"), `${other.id}/stolen.txt`))).message, "Object not found");
  assert.equal((await refused(theirs.move(path("secret.txt"), `${other.id}/stolen.txt`))).message, "Object not found");
  assert.equal((await fetch(mine.getPublicUrl(path("secret.txt")).data.publicUrl)).status, 400);
  assert.equal(await text(await ok(mine.download(path("secret.txt")))), "canary");
});

test("names that cannot be are refused with a reason", async () => {
  for (const name of ["ä.txt", "100%.txt", "[a].txt", "x".repeat(1100)]) {
    const error = await refused(service.storage.from("documents").upload(name, "x"));
    assert.match(error.message, /Invalid key/, name);
  }
});
