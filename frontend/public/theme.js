// Sets the colour scheme and the language before anything is drawn, so that a dark page never flashes white.
(() => {
  const wanted = localStorage.getItem("gateway-theme") || "auto";
  const isDark = wanted === "dark" || (wanted === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.setAttribute("data-mantine-color-scheme", isDark ? "dark" : "light");
  document.documentElement.lang = localStorage.getItem("gateway-language") || (navigator.language.startsWith("ru") ? "ru" : "en");
})();
