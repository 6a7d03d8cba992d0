import { useTranslation } from "react-i18next";

import { Empty } from "../ui/States";

export function NotFound() {
  const { t } = useTranslation();
  return <Empty>{t("state.absent")}</Empty>;
}
