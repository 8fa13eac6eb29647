// What a front end does on its first day, with the official client and nothing else: sign up, define a workflow, run it, read its execution.
// Reads URL and ANON_KEY; prints one JSON object with what it saw, which the test judges.
import { createClient } from "@supabase/supabase-js";

const supabase = createClient(process.env.URL, process.env.ANON_KEY);

function unwrap({ data, error }) {
  if (error) throw error;
  return data;
}

const email = `front-end-${Date.now()}@example.com`;
const signedUp = unwrap(
  await supabase.auth.signUp({ email, password: "a long enough password", options: { data: { first_name: "Ada" } } }),
);

const config = {
  do: [
    { contact: { call: "create-row", with: { table: "contacts", values: { type: "individual", first_name: "${ .name }" } } } },
    { refuse: { if: "${ $workflow.input.fail == true }", raise: { error: { type: "https://example.com/errors/refused", status: 400, title: "Refused" } } } },
  ],
};
const workflow = unwrap(await supabase.from("workflows").insert({ name: "lead intake", config }).select().single());

async function run(triggerData) {
  const execution = unwrap(await supabase.functions.invoke("execute-workflow", { body: { workflowId: workflow.id, triggerData } }));
  return unwrap(await supabase.from("workflow_executions").select("*").eq("id", execution.id).single());
}

const good = await run({ name: "Grace", fail: false });
const contactsAfterGood = unwrap(await supabase.from("contacts").select("first_name"));
const bad = await run({ name: "Nobody", fail: true });
const contactsAfterBad = unwrap(await supabase.from("contacts").select("first_name"));

const tutorial = unwrap(
  await supabase.functions.invoke("generate-tutorial", { body: { topic: "Knots for sailors", level: "beginner", steps: 2 } }),
);
const drafts = unwrap(await supabase.from("tutorials").select("id,title,status,level,steps").eq("user_id", signedUp.user.id));
const nonsense = await supabase.functions.invoke("generate-tutorial", { body: { topic: "", level: "expert", steps: 0 } });

const invalid = await supabase.from("workflows").insert({ name: "broken", config: { do: [{ a: { sett: {} } }] } });
const profile = unwrap(await supabase.from("profiles").select("*").eq("id", signedUp.user.id).single());
const stranger = createClient(process.env.URL, process.env.ANON_KEY, { auth: { persistSession: false } });
const hidden = await stranger.from("contacts").select("*");
const foreign = await stranger.functions.invoke("execute-workflow", { body: { workflowId: workflow.id } });
const missing = await supabase.from("contacts").select("*").eq("first_name", "nobody has this name").single();

await supabase.auth.signOut();
const after = await supabase.auth.getUser();

console.log(
  JSON.stringify({
    email: signedUp.user.email,
    session: Boolean(signedUp.session?.access_token),
    workflow,
    good,
    contactsAfterGood,
    bad,
    contactsAfterBad,
    tutorial,
    drafts,
    nonsense: { status: nonsense.error?.context?.status, body: await nonsense.error?.context?.json() },
    invalid: { status: invalid.status, error: invalid.error },
    profile,
    hidden: { status: hidden.status, data: hidden.data },
    foreign: foreign.error?.context?.status,
    missing: missing.error?.code,
    after: { user: after.data.user, error: after.error?.name },
  }),
);
