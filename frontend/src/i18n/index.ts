/** The panel's two languages. English is the model: a key that is missing elsewhere fails a test. */
import i18n from "i18next";
import { initReactI18next } from "react-i18next";

import type en from "./en.json";

export const LANGUAGES = ["en", "ru"] as const;
export type Language = (typeof LANGUAGES)[number];

const STORED = "gateway-language";

declare module "i18next" {
  interface CustomTypeOptions {
    resources: { translation: typeof en };
  }
}

function preferred(): Language {
  const stored = localStorage.getItem(STORED);
  if (stored === "en" || stored === "ru") return stored;
  return navigator.language.startsWith("ru") ? "ru" : "en";
}

/** Nobody waits for the words of a language they do not read. */
const TEXTS = { en: () => import("./en.json"), ru: () => import("./ru.json") };

void i18n.use(initReactI18next).init({
  lng: preferred(),
  fallbackLng: false,
  resources: {},
  interpolation: { escapeValue: false },
});

async function load(language: Language): Promise<void> {
  if (i18n.hasResourceBundle(language, "translation")) return;
  i18n.addResourceBundle(language, "translation", (await TEXTS[language]()).default);
}

/** Load the words of the visitor's language; nothing is drawn before. */
export function startLanguage(): Promise<void> {
  return load(preferred());
}

export async function setLanguage(language: Language): Promise<void> {
  await load(language);
  localStorage.setItem(STORED, language);
  document.documentElement.lang = language;
  await i18n.changeLanguage(language);
}

export default i18n;
