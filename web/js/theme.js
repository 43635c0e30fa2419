// Applies the stored theme before the first paint (so this is no module). "auto" follows the system.
(() => {
  const themes = ["auto", "light", "dark"];
  const root = document.documentElement;
  let theme = "auto";
  try {
    const stored = localStorage.getItem("camctl-theme");
    if (themes.includes(stored)) theme = stored;
  } catch {
    // Storage may be forbidden; the choice then lasts as long as the page.
  }
  root.dataset.theme = theme;

  addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme");
    const show = () => {
      button.querySelector(".label").textContent = theme[0].toUpperCase() + theme.slice(1);
      button.setAttribute("aria-label", `Theme: ${theme}`);
      button.title = `Theme: ${theme}`;
    };
    button.addEventListener("click", () => {
      theme = themes[(themes.indexOf(theme) + 1) % themes.length];
      root.dataset.theme = theme;
      try {
        localStorage.setItem("camctl-theme", theme);
      } catch {
        // As above.
      }
      show();
    });
    show();
  });
})();
