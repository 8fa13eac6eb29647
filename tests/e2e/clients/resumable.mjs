// Resumable uploads as Supabase's documentation shows them: tus-js-client beside the official client.
// Reads URL and ANON_KEY; prints one JSON object with what it saw, which the test judges.
import { createHash, randomBytes } from "node:crypto";
import { createClient } from "@supabase/supabase-js";
import * as tus from "tus-js-client";

const { URL: url, ANON_KEY: key } = process.env;
const MIB = 1024 * 1024;
const supabase = createClient(url, key);
const email = `uploader-${Date.now()}@example.com`;
const { data } = await supabase.auth.signUp({ email, password: "a long enough password" });
const { session, user } = data;

const bytes = randomBytes(20 * MIB + 12_345);
const sha = (body) => createHash("sha256").update(body).digest("hex");

function upload(name, { endpoint = "/storage/v1/upload/resumable", headers, interruptAt, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const job = new tus.Upload(bytes, {
      endpoint: url + endpoint,
      retryDelays: [0, 200, 500, 1000, 2000],
      headers: headers ?? { authorization: `Bearer ${session.access_token}`, apikey: key, "x-upsert": "true" },
      uploadDataDuringCreation: true,
      chunkSize: 6 * MIB,
      metadata: {
        bucketName: "documents",
        objectName: name,
        contentType: "application/x-thing",
        cacheControl: "7200",
        metadata: JSON.stringify({ of: "tus" }),
      },
      onError: reject,
      onSuccess: () => resolve(job),
      onProgress: (sent) => {
        if (interruptAt && sent >= interruptAt) {
          interruptAt = undefined;
          job.abort().then(() => resolve(job));
        }
      },
      ...options,
    });
    job.start();
  });
}

async function stored(name) {
  const { data: blob, error } = await supabase.storage.from("documents").download(name);
  return error ? { error: error.message } : { sha: sha(Buffer.from(await blob.arrayBuffer())), type: blob.type };
}

const report = { expected: sha(bytes) };

const whole = `${user.id}/whole.bin`;
await upload(whole);
report.whole = await stored(whole);
report.info = (await supabase.storage.from("documents").info(whole)).data;

const broken = `${user.id}/broken.bin`;
const first = await upload(broken, { interruptAt: 8 * MIB });
report.uploadUrl = first.url;
report.during = await stored(broken);
const offsets = [];
await upload(broken, {
  uploadUrl: first.url,
  onAfterResponse: (request, response) => {
    if (request.getMethod() === "HEAD") offsets.push(Number(response.getHeader("Upload-Offset")));
  },
});
report.resumedAt = offsets.at(-1);
report.broken = await stored(broken);

const unbounded = `${user.id}/one-request.bin`;
await upload(unbounded, { chunkSize: Infinity, uploadDataDuringCreation: false });
report.unbounded = await stored(unbounded);

const ended = await upload(`${user.id}/ended.bin`, { interruptAt: 7 * MIB });
await ended.abort(true);
report.ended = (await fetch(ended.url, { method: "HEAD", headers: { ...ended.options.headers, "tus-resumable": "1.0.0" } })).status;

const signed = `${user.id}/signed.bin`;
const permission = await supabase.storage.from("documents").createSignedUploadUrl(signed);
await upload(signed, { endpoint: "/storage/v1/upload/resumable/sign", headers: { "x-signature": permission.data.token } });
report.signed = await stored(signed);

report.foreign = await upload("somebody-else/x.bin").then(
  () => "stored",
  (error) => error.originalResponse?.getStatus(),
);

console.log(JSON.stringify(report));
