// What every suite needs: the client under test, people, and short ways to look at an answer.
// Reads URL, ANON_KEY, SERVICE_KEY, and CLIENT: the package that is under test.
import assert from "node:assert/strict";

const { createClient } = await import(process.env.CLIENT ?? "@supabase/supabase-js");

const options = { auth: { persistSession: false, autoRefreshToken: false } };
export const connect = (key = process.env.ANON_KEY, more = {}) => createClient(process.env.URL, key, { ...options, ...more });
export const service = connect(process.env.SERVICE_KEY);

let count = 0;
export async function signedIn() {
  const client = connect();
  const email = `someone-${process.pid}-${Date.now()}-${count++}@example.com`;
  const { data, error } = await client.auth.signUp({ email, password: "a long enough password" });
  assert.ifError(error);
  return { client, id: data.user.id };
}

// The data of an answer that must be a success.
export async function ok(promise) {
  const answer = await promise;
  assert.equal(answer.error, null, JSON.stringify(answer.error));
  return answer.data;
}

// The error of an answer that must be a refusal.
export async function refused(promise) {
  const answer = await promise;
  assert.notEqual(answer.error, null, `not refused: ${JSON.stringify(answer.data)}`);
  return { status: answer.status, ...answer.error, message: answer.error.message };
}

export const sorted = (values) => [...values].sort();
