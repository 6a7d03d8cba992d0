/** What the address of the login says where the gateway has none: the server would have taken it otherwise. */
import { useTranslation } from "react-i18next";

import { Empty } from "../ui/States";

export function NoLogin() {
  const { t } = useTranslation();
  return <Empty>{t("account.none")}</Empty>;
}
