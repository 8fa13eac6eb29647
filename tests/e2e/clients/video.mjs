// From a file to a video that plays, as a front end does it with the official client; once by an upload in one request,
// once straight to the object store in parts. Reads URL, ANON_KEY and FILE; prints one JSON object, which the test judges.
import { readFileSync } from "node:fs";
import { createClient } from "@supabase/supabase-js";

const { URL: url, ANON_KEY: key, FILE: file } = process.env;
const supabase = createClient(url, key);
const email = `film-${Date.now()}@example.com`;
const { data } = await supabase.auth.signUp({ email, password: "a long enough password" });
const { session, user } = data;
const bytes = readFileSync(file);
const headers = { apikey: key, authorization: `Bearer ${session.access_token}`, "content-type": "application/json" };

const kept = (row) => row && { status: row.status, progress: row.progress, error: row.error_message, hls: !!row.hls_url };

async function ask(method, path, body) {
  const answer = await fetch(url + path, { method, headers, body: body && JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

// Parts of a file, each straight to the store: no key and no header of ours goes there.
async function uploadInParts(name) {
  const begun = await ask("POST", "/storage/v1/upload/multipart", {
    bucket: "videos",
    name,
    size: bytes.length,
    contentType: "video/mp4",
  });
  const parts = [];
  for (const { number, size, url: there } of begun.urls) {
    const start = (number - 1) * begun.part_size;
    const put = await fetch(there, { method: "PUT", body: bytes.subarray(start, start + size) });
    if (!put.ok) throw new Error(`part ${number}: ${put.status} ${await put.text()}`);
    parts.push({ number, etag: put.headers.get("etag") });
  }
  return ask("POST", `/storage/v1/upload/multipart/${begun.id}/complete`, { parts });
}

async function processed(storage_path, upload) {
  const created = await supabase.from("videos").insert({ title: "A film", filename: "film.mp4" }).select().single();
  const { id, status } = created.data;
  const early = await supabase.functions.invoke("process-video", { body: { videoId: id } });
  const refusal = await early.error.context.json();
  await upload(storage_path);
  await supabase.from("videos").update({ storage_path, file_size: bytes.length }).eq("id", id);
  const called = await supabase.functions.invoke("process-video", { body: { videoId: id } });
  const end = await followed(id);
  const row = await supabase.from("videos").select().eq("id", id).single();
  return { before: status, early: refusal.code, failed: called.error, end, row: kept(row.data) };
}

// Server-sent events up to the last one.
async function followed(id) {
  const answer = await fetch(`${url}/video/v1/videos/${id}/progress`, { headers });
  let text = "";
  for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) text += chunk;
  const names = [...text.matchAll(/^event: (.*)$/gm)].map((match) => match[1]);
  return names.at(-1);
}

const once = await processed(`${user.id}/once.mp4`, async (path) => {
  const { error } = await supabase.storage.from("videos").upload(path, bytes, { contentType: "video/mp4" });
  if (error) throw error;
});
const inParts = await processed(`${user.id}/parts.mp4`, uploadInParts);
console.log(JSON.stringify({ once, inParts }));
