// The log-in page.
import { currentSession, logIn, nextPage } from "./session.js";

const form = document.getElementById("login");
const trouble = document.getElementById("trouble");
const button = form.querySelector("button");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  button.disabled = true;
  trouble.textContent = "";
  try {
    await logIn(form.user.value, form.password.value);
    location.replace(nextPage(location.search));
  } catch (error) {
    trouble.textContent = error.message;
    form.password.select();
  }
  button.disabled = false;
});

// The session's cookie does not come with a link from another site, so that such a link ends here.
const session = await currentSession().catch(() => null);
if (session) location.replace(nextPage(location.search));
