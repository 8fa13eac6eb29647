// Everything a front end writes through `from()`, and functions through `rpc()`.
import assert from "node:assert/strict";
import { test } from "node:test";
import { connect, ok, refused, signedIn } from "./support.mjs";

const db = connect();
const unique = (name) => `${name} ${process.pid} ${Math.random()}`;

test("insert: one, many, with defaults, and what comes back", async () => {
  const silent = await db.from("authors").insert({ name: unique("Ann") });
  assert.deepEqual([silent.status, silent.data], [201, null]);
  const one = await ok(db.from("authors").insert({ name: unique("Bea"), awards: ["Hugo"], facts: { a: [1] } }).select().single());
  assert.deepEqual([one.status, one.awards, one.facts], ["ACTIVE", ["Hugo"], { a: [1] }]);
  const many = await ok(
    db.from("books").insert([{ title: "A", author_id: one.id }, { title: "B", author_id: one.id }]).select("title, pages, author:authors!author_id(id)").order("title", { ascending: false }),
  );
  assert.deepEqual(many.map((row) => [row.title, row.pages, row.author.id]), [["B", 100, one.id], ["A", 100, one.id]]);
});

test("bulk insert: what a row lacks is null, or its default where that is asked for", async () => {
  const author = await ok(db.from("authors").insert({ name: unique("Cleo") }).select().single());
  const rows = () => [{ title: unique("A"), author_id: author.id, pages: 5 }, { title: unique("B"), author_id: author.id }];
  const error = await refused(db.from("books").insert(rows()));
  assert.deepEqual([error.status, error.code], [400, "23502"]);
  const made = await ok(db.from("books").insert(rows(), { defaultToNull: false, count: "exact" }).select("pages"));
  assert.deepEqual(made.map((row) => row.pages), [5, 100]);
});

test("upsert: merged, ignored, by another key", async () => {
  const name = unique("Dora");
  const first = await db.from("authors").upsert({ name, born: "2000-01-01" }, { onConflict: "name" }).select().single();
  assert.equal(first.status, 201);
  const again = await db.from("authors").upsert({ name, born: "2001-01-01" }, { onConflict: "name" }).select().single();
  assert.deepEqual([again.status, again.data.id, again.data.born], [200, first.data.id, "2001-01-01"]);
  const ignored = await ok(db.from("authors").upsert({ name, born: "1900-01-01" }, { onConflict: "name", ignoreDuplicates: true }).select());
  assert.deepEqual(ignored, []);
  const kept = await ok(db.from("authors").select("born").eq("name", name).single());
  assert.equal(kept.born, "2001-01-01");
});

test("update and delete", async () => {
  const author = await ok(db.from("authors").insert({ name: unique("Eve") }).select().single());
  const silent = await db.from("authors").update({ born: "1990-05-05" }).eq("id", author.id);
  assert.deepEqual([silent.status, silent.data], [204, null]);
  const counted = await db.from("authors").update({ awards: ["Locus"] }, { count: "exact" }).eq("id", author.id).select("awards, mentor:mentor_id(name)");
  assert.deepEqual([counted.status, counted.count, counted.data], [200, 1, [{ awards: ["Locus"], mentor: null }]]);
  assert.deepEqual(await ok(db.from("authors").update({ born: null }).eq("id", -1).select()), []);
  const gone = await db.from("authors").delete({ count: "exact" }).eq("id", author.id).select("name");
  assert.deepEqual([gone.status, gone.count, gone.data.length], [200, 1, 1]);
  assert.equal((await db.from("authors").delete().eq("id", author.id)).status, 204);
});

test("single on a write takes it back when there is not exactly one row", async () => {
  const author = await ok(db.from("authors").insert({ name: unique("Fay") }).select().single());
  const rows = [{ title: "one", author_id: author.id }, { title: "two", author_id: author.id }];
  const error = await refused(db.from("books").insert(rows).select().single());
  assert.deepEqual([error.status, error.code], [406, "PGRST116"]);
  assert.deepEqual(await ok(db.from("books").select().eq("author_id", author.id)), []);
});

test("rollback and maxAffected", async () => {
  const author = await ok(db.from("authors").insert({ name: unique("Gil") }).select().single());
  const trial = db.from("authors").update({ born: "1999-01-01" }).eq("id", author.id);
  if (trial.rollback) {
    assert.equal((await ok(trial.rollback().select("born").single())).born, "1999-01-01");
    assert.equal((await ok(db.from("authors").select("born").eq("id", author.id).single())).born, null);
  }
  const careful = db.from("authors").update({ born: "1999-01-01" }).in("id", [1, 2, 3]);
  if (careful.maxAffected) {
    const error = await refused(careful.maxAffected(1));
    assert.deepEqual([error.status, error.code], [400, "PGRST124"]);
  }
});

test("refusals on writes", async (t) => {
  const cases = {
    duplicate: [db.from("authors").insert({ name: "Ted" }), 409, "23505"],
    "no such parent": [db.from("books").insert({ title: "x", author_id: -1 }), 409, "23503"],
    check: [db.from("books").insert({ title: "x", author_id: 1, pages: -1 }), 400, "23514"],
    "missing value": [db.from("books").insert({ title: null, author_id: 1 }), 400, "23502"],
    "unknown column": [db.from("books").insert({ title: "x", nope: 1 }), 400, "PGRST204"],
    "no filter": [db.from("authors").delete(), 400, "21000"],
    "not allowed": [db.from("contacts").insert({ type: "individual" }), 401, "42501"],
  };
  for (const [name, [promise, status, code]] of Object.entries(cases)) {
    await t.test(name, async () => {
      const error = await refused(promise);
      assert.deepEqual([error.status, error.code], [status, code]);
    });
  }
});

test("functions: scalars, rows, sets, tables, nothing", async () => {
  assert.equal(await ok(db.rpc("add", { a: 2, b: 3 })), 5);
  assert.equal(await ok(db.rpc("add", { a: 2, b: 3 }, { get: true })), 5);
  assert.equal(await ok(db.rpc("total", { numbers: [1, 2, 3] }, { get: true })), 6);
  assert.equal(await ok(db.rpc("status_of", { author: "Ted" })), "ACTIVE");
  assert.equal((await ok(db.rpc("eldest"))).name, "Stanislaw");
  const found = await ok(db.rpc("authors_like", { part: "u" }).select("name, books!author_id(title)").eq("id", 1).order("id"));
  assert.equal(found[0].books.length, 2);
  const counted = await db.rpc("authors_like", { part: "ted" }, { count: "exact", head: true });
  assert.deepEqual([counted.status, counted.count], [200, 1]);
  assert.equal((await ok(db.rpc("authors_like", { part: "Ted" }).single())).name, "Ted");
  assert.deepEqual(await ok(db.rpc("pages_by_author").eq("author", "Ted")), [{ author: "Ted", pages: 368 }]);
  const nothing = await db.rpc("retire", { author: "nobody" });
  assert.deepEqual([nothing.status, nothing.data], [204, null]);
});

test("functions that refuse, and functions that are not there", async () => {
  const unknown = await refused(db.rpc("ad", { a: 1, b: 2 }));
  assert.deepEqual([unknown.status, unknown.code], [404, "PGRST202"]);
  const wrong = await refused(db.rpc("add", { a: 1, c: 2 }));
  assert.deepEqual([wrong.status, wrong.code], [404, "PGRST202"]);
  const teapot = await refused(db.rpc("teapot"));
  assert.deepEqual([teapot.status, teapot.code, teapot.message, teapot.hint], [418, "PT418", "short and stout", "tip me over"]);
  const volatile = await refused(db.rpc("retire", { author: "nobody" }, { get: true }));
  assert.equal(volatile.status, 405);
});

test("the seed's functions: roles, views and likes", async () => {
  const author = await signedIn();
  const reader = await signedIn();
  assert.equal(await ok(author.client.rpc("has_role", { _user_id: author.id, _role: "admin" })), false);
  const tutorial = await ok(author.client.from("tutorials").insert({ title: "How to fly", status: "published" }).select().single());
  await ok(reader.client.rpc("record_view", { tutorial_id: tutorial.id }));
  await ok(reader.client.rpc("toggle_like", { tutorial_id: tutorial.id }));
  const seen = await ok(reader.client.from("tutorials").select("views, likes").eq("id", tutorial.id).single());
  assert.deepEqual(seen, { views: 1, likes: 1 });
  await ok(reader.client.rpc("toggle_like", { tutorial_id: tutorial.id }));
  assert.equal((await ok(reader.client.from("tutorials").select("likes").eq("id", tutorial.id).single())).likes, 0);
  assert.equal((await refused(connect().rpc("toggle_like", { tutorial_id: tutorial.id }))).status, 401);
});

test("a profile is saved by an upsert, one's own alone", async () => {
  const owner = await signedIn();
  const other = await signedIn();
  const saved = await ok(owner.client.from("profiles").upsert({ id: owner.id, bio: "Likes engines" }).select("bio").single());
  assert.equal(saved.bio, "Likes engines");
  const error = await refused(owner.client.from("profiles").upsert({ id: other.id, bio: "Mine" }));
  assert.deepEqual([error.status, error.code], [403, "42501"]);
});

test("another's rows do not exist: not in lists, not embedded, not counted", async () => {
  const owner = await signedIn();
  const other = await signedIn();
  const contact = await ok(owner.client.from("contacts").insert({ type: "individual", first_name: "Canary" }).select().single());
  await ok(owner.client.from("deals").insert({ title: "Secret", contact_id: contact.id }));
  const mine = await ok(owner.client.from("deals").select("title, contacts(first_name)"));
  assert.deepEqual(mine, [{ title: "Secret", contacts: { first_name: "Canary" } }]);
  const foreign = await other.client.from("contacts").select("*, deals(*)", { count: "exact" });
  assert.deepEqual([foreign.data, foreign.count], [[], 0]);
  assert.deepEqual(await ok(other.client.from("contacts").update({ first_name: "x" }).eq("id", contact.id).select()), []);
  assert.deepEqual(await ok(other.client.from("contacts").delete().eq("id", contact.id).select()), []);
});
