// Everything a front end reads through `from()`.
import assert from "node:assert/strict";
import { test } from "node:test";
import { connect, ok, refused, sorted } from "./support.mjs";

const db = connect();
const names = async (filtered) => sorted((await ok(filtered)).map((row) => row.name));
const authors = () => db.from("authors").select("name");

test("columns, aliases, casts and JSON paths", async () => {
  const row = await ok(
    db.from("authors").select("n:name, id::text, facts->home->>city, cats:facts->cats, first:awards->>0").eq("id", 1).single(),
  );
  assert.deepEqual(row, { n: "Ursula", id: "1", city: "Portland", cats: 3, first: "Hugo" });
});

test("each filter", async (t) => {
  const cases = {
    eq: [authors().eq("name", "Ted"), ["Ted"]],
    neq: [authors().neq("name", "Ted"), ["Stanislaw", "Ursula"]],
    "gt and lte": [authors().gt("id", 1).lte("id", 2), ["Stanislaw"]],
    "gte and lt": [authors().gte("id", 1).lt("id", 2), ["Ursula"]],
    like: [authors().like("name", "%s%"), ["Stanislaw", "Ursula"]],
    ilike: [authors().ilike("name", "u%"), ["Ursula"]],
    likeAllOf: [authors().likeAllOf("name", ["%a%", "%w"]), ["Stanislaw"]],
    likeAnyOf: [authors().likeAnyOf("name", ["T%", "U%"]), ["Ted", "Ursula"]],
    ilikeAllOf: [authors().ilikeAllOf("name", ["%T%", "%ed"]), ["Ted"]],
    ilikeAnyOf: [authors().ilikeAnyOf("name", ["t%", "u%"]), ["Ted", "Ursula"]],
    match: [authors().filter("name", "match", "^[TU]"), ["Ted", "Ursula"]],
    imatch: [authors().filter("name", "imatch", "^t"), ["Ted"]],
    "is null": [authors().is("born", null), ["Ted"]],
    "not is": [authors().not("born", "is", null), ["Stanislaw", "Ursula"]],
    isdistinct: [authors().filter("mentor_id", "isdistinct", 1), ["Ursula"]],
    in: [authors().in("name", ["Ted", 'with "quotes"', "with (brackets), and commas"]), ["Ted"]],
    "in nothing": [authors().in("id", []), []],
    "not in": [authors().not("id", "in", "(1,2)"), ["Ted"]],
    enum: [authors().eq("status", "ACTIVE"), ["Ted"]],
    "contains array": [authors().contains("awards", ["Hugo"]), ["Ted", "Ursula"]],
    "contains JSON": [authors().contains("facts", { cats: 3 }), ["Ursula"]],
    containedBy: [authors().containedBy("awards", ["Hugo", "Locus"]), ["Stanislaw", "Ted"]],
    overlaps: [authors().overlaps("awards", ["Nebula", "Locus"]), ["Ted", "Ursula"]],
    "contains range": [authors().contains("active_years", "[2000,2001)"), ["Stanislaw", "Ted", "Ursula"]],
    rangeGt: [authors().rangeGt("active_years", "[1940,1960)"), ["Ted"]],
    rangeGte: [authors().rangeGte("active_years", "[1959,1960)"), ["Ted", "Ursula"]],
    rangeLt: [authors().rangeLt("active_years", "[2010,2030)"), ["Stanislaw"]],
    rangeLte: [authors().rangeLte("active_years", "[2000,2018)"), ["Stanislaw", "Ursula"]],
    rangeAdjacent: [authors().rangeAdjacent("active_years", "[2005,2010)"), ["Stanislaw"]],
    "overlapping ranges": [authors().overlaps("active_years", "[1940,1950)"), ["Stanislaw"]],
    fts: [authors().textSearch("biography", "'fat' & 'cat'", { config: "english" }), ["Ursula"]],
    plfts: [authors().textSearch("biography", "robot dogs", { type: "plain", config: "english" }), ["Stanislaw"]],
    phfts: [authors().textSearch("biography", "fat cats", { type: "phrase", config: "english" }), ["Ursula"]],
    wfts: [authors().textSearch("biography", "robot -cat", { type: "websearch", config: "english" }), ["Stanislaw"]],
    matching: [authors().match({ id: 1, name: "Ursula" }), ["Ursula"]],
    or: [authors().or("id.eq.1,and(id.gt.2,name.like.T*)"), ["Ted", "Ursula"]],
    "not or": [authors().not("id", "eq", 1).or("name.eq.Ted,name.not.is.null"), ["Stanislaw", "Ted"]],
    "JSON path": [authors().eq("facts->home->>city", "Krakow"), ["Stanislaw"]],
    "character with padding": [db.from("books").select("name:title").eq("language", "en").eq("id", 3), ["Solaris"]],
  };
  for (const [name, [filtered, expected]] of Object.entries(cases)) {
    await t.test(name, async () => assert.deepEqual(await names(filtered), expected));
  }
});

test("order, limit, range and count", async () => {
  const first = await db.from("authors").select("name", { count: "exact" }).order("born", { ascending: false, nullsFirst: false }).range(0, 1);
  assert.deepEqual([first.status, first.count, first.data.map((row) => row.name)], [206, 3, ["Ursula", "Stanislaw"]]);
  assert.deepEqual(await ok(db.from("authors").select("name").order("born", { nullsFirst: true }).limit(1)), [{ name: "Ted" }]);
  for (const count of ["exact", "planned", "estimated"]) {
    const head = await db.from("authors").select("*", { head: true, count });
    assert.deepEqual([head.status, head.data, head.count > 0], [200, null, true]);
  }
  assert.equal((await db.from("books").select("*", { count: "exact", head: true }).gt("pages", 200)).count, 3);
  const beyond = await refused(db.from("authors").select("name", { count: "exact" }).range(50, 60));
  assert.deepEqual([beyond.code, beyond.status], ["PGRST103", 416]);
});

test("single and maybeSingle", async () => {
  assert.equal((await ok(authors().eq("id", 1).single())).name, "Ursula");
  assert.equal(await ok(authors().eq("id", 99).maybeSingle()), null);
  for (const many of [authors().single(), authors().eq("id", 99).single(), authors().maybeSingle()]) {
    const error = await refused(many);
    assert.deepEqual([error.code, error.status], ["PGRST116", 406]);
  }
});

test("CSV and objects without nulls", async () => {
  const csv = await ok(db.from("books").select("id,title,price").in("id", [3, 4]).order("id").csv());
  assert.equal(csv, "id,title,price\n3,Solaris,10.00\n4,Exhalation,");
  const reader = db.from("books").select("id,price").eq("id", 4);
  if (reader.stripNulls) assert.deepEqual(await ok(reader.stripNulls()), [{ id: 4 }]);
});

test("relations: to one, to many, one to one, many to many, to itself", async () => {
  const books = await ok(db.from("books").select("title, author:authors!author_id(name), editor:authors!editor_id(name), genres(name)").order("id").order("id", { referencedTable: "genres" }));
  assert.deepEqual(books[0], { title: "The Dispossessed", author: { name: "Ursula" }, editor: { name: "Ted" }, genres: [{ name: "utopia" }, { name: "space" }] });
  assert.deepEqual(books[1], { title: "The Lathe of Heaven", author: { name: "Ursula" }, editor: null, genres: [] });
  const ursula = await ok(
    db.from("authors").select("name, author_pages(url), written:books!author_id(title), mentor:mentor_id(name), pupils:authors!mentor_id(name)").eq("id", 2).single(),
  );
  assert.deepEqual(ursula.author_pages, null);
  assert.deepEqual(ursula.written, [{ title: "Solaris" }]);
  assert.deepEqual(ursula.mentor, { name: "Ursula" });
});

test("nested relations, and parameters that speak of them", async () => {
  const rows = await ok(
    db
      .from("authors")
      .select("name, books!author_id(title, genres(name))")
      .eq("books.genres.name", "space")
      .order("pages", { referencedTable: "books", ascending: false })
      .limit(1, { referencedTable: "books" })
      .order("id"),
  );
  assert.deepEqual(rows[0], { name: "Ursula", books: [{ title: "The Dispossessed", genres: [{ name: "space" }] }] });
  const some = await ok(db.from("authors").select("name, books!author_id(title)").or("pages.gt.350,title.eq.Solaris", { referencedTable: "books" }).order("id"));
  assert.deepEqual(some.map((row) => row.books.length), [0, 1, 1]);
});

test("inner relations leave rows out; existence can be asked", async () => {
  const inner = await ok(db.from("authors").select("name, books!author_id!inner(title)").gt("books.pages", 350));
  assert.deepEqual(inner, [{ name: "Ted", books: [{ title: "Exhalation" }] }]);
  assert.deepEqual(await names(db.from("authors").select("name, author_pages()").not("author_pages", "is", null)), ["Ursula"]);
  assert.deepEqual(await names(db.from("authors").select("name, author_pages()").is("author_pages", null)), ["Stanislaw", "Ted"]);
});

test("spread relations and order by one", async () => {
  const rows = await ok(db.from("books").select("title, ...authors!author_id(author:name)").order("authors(name)", { ascending: false }).order("id").limit(1));
  assert.deepEqual(rows, [{ title: "The Dispossessed", author: "Ursula" }]);
});

test("aggregates", async () => {
  assert.deepEqual(await ok(db.from("books").select("count(), pages.sum(), most:pages.max()")), [{ count: 4, sum: 1097, most: 368 }]);
  const grouped = await ok(db.from("books").select("author_id, pages.avg()::int").order("author_id"));
  assert.deepEqual(grouped[0], { author_id: 1, avg: 263 });
  assert.deepEqual(await ok(db.from("authors").select("name, books!author_id(count())").eq("id", 1)), [{ name: "Ursula", books: [{ count: 2 }] }]);
});

test("views, computed columns and computed relations", async () => {
  assert.deepEqual(await ok(db.from("long_books").select("title, authors!author_id(name)").order("id").limit(1)), [{ title: "The Dispossessed", authors: { name: "Ursula" } }]);
  assert.deepEqual(await ok(db.from("books").select("label").eq("id", 3).single()), { label: "Solaris (204 p.)" });
  assert.deepEqual(await ok(db.from("authors").select("name, shelf(title)").eq("id", 2).single()), { name: "Stanislaw", shelf: [{ title: "Solaris" }] });
});

test("refusals carry the codes and words that clients know", async (t) => {
  const cases = {
    "unknown table": [db.from("no_such_table").select(), 404, "PGRST205"],
    "unknown column": [db.from("books").select("nope"), 400, "42703"],
    "unknown relation": [db.from("books").select("*, author_pages(*)"), 400, "PGRST200"],
    "ambiguous relation": [db.from("books").select("*, authors(*)"), 300, "PGRST201"],
    "wrong value": [db.from("books").select().eq("id", "x"), 400, "22P02"],
    "wrong operator": [db.from("books").select().filter("id", "xx", 1), 400, "PGRST100"],
    "not in select": [db.from("books").select().eq("genres.name", "space"), 400, "PGRST108"],
    "unknown schema": [db.schema("personal").from("books").select(), 406, "PGRST106"],
    "closed schema": [db.schema("auth").from("users").select(), 406, "PGRST106"],
  };
  for (const [name, [promise, status, code]] of Object.entries(cases)) {
    await t.test(name, async () => {
      const error = await refused(promise);
      assert.deepEqual([error.status, error.code], [status, code]);
      assert.ok(error.message);
    });
  }
});
