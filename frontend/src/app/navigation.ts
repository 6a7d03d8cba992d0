/** The pages of the menu, in its order. */
import { paths } from "../paths";

export const NAVIGATION = [{ key: "requests", to: paths.requests() }] as const;
