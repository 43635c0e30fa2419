// Who is logged in, where anybody has to.

/** The answer of /api/session ({ user, role, cameras }; user is null where nobody has to log in), or null. */
export async function currentSession() {
  const response = await fetch("/api/session", { cache: "no-store" });
  return response.ok ? response.json() : null;
}

/** Throws an Error whose message is for the person who tries. */
export async function logIn(user, password) {
  let response;
  try {
    response = await fetch("/api/session", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ user, password }),
    });
  } catch {
    throw new Error("The server can't be reached.");
  }
  if (response.ok) return;
  const after = response.headers.get("retry-after");
  if (response.status === 401) throw new Error("There is no such user, or the password is wrong.");
  if (response.status === 429) throw new Error(`Too many wrong passwords. Try again in ${after} s.`);
  if (response.status === 503) throw new Error("Too many are logging in. Try again in some seconds.");
  throw new Error(`The server answered ${response.status} ${response.statusText}`.trim() + ".");
}

export async function logOut() {
  await fetch("/api/session", { method: "DELETE" });
  location.replace("/login");
}

/** Leaves for the log-in page, which comes back here. */
export function goToLogIn() {
  const here = location.pathname + location.search;
  location.replace(here === "/" ? "/login" : `/login?next=${encodeURIComponent(here)}`);
}

/** Where a log-in page with this query goes on to: a page of this server, whatever the query says. */
export function nextPage(query) {
  const next = new URL(new URLSearchParams(query).get("next") ?? "/", location.origin);
  return next.origin === location.origin ? next.pathname + next.search : "/";
}
