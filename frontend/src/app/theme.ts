/** Look: one accent colour, system fonts, dense. */
import { createTheme, type MantineColorsTuple } from "@mantine/core";

const accent: MantineColorsTuple = [
  "#e8f3fa",
  "#cfe4f1",
  "#9fc9e3",
  "#6cacd4",
  "#4394c8",
  "#2a85c0",
  "#187cbb",
  "#0b6aa5",
  "#0b5c8a",
  "#084a70",
];

export const theme = createTheme({
  colors: { accent },
  primaryColor: "accent",
  primaryShade: { light: 8, dark: 7 },
  fontFamily: "system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif",
  fontFamilyMonospace: "ui-monospace, 'DejaVu Sans Mono', monospace",
  defaultRadius: "sm",
  respectReducedMotion: true,
  // Opened, a menu has its first item in focus: an invisible one before it is nothing that a menu may hold.
  components: { Menu: { defaultProps: { withInitialFocusPlaceholder: false } } },
});

export const THEME_KEY = "gateway-theme";
