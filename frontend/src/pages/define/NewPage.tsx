/** A new request: it becomes a draft, with a name and seeds that the gateway gives it. */
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useViewer } from "../../account/useViewer";
import { Forbidden } from "../../changes/ChangeDialog";
import { useChange } from "../../changes/useChange";
import { Why } from "../../changes/Why";
import { paths } from "../../paths";
import css from "../../ui/page.module.css";
import { Loading } from "../../ui/States";
import { CreateMutation } from "./documents";
import { EMPTY, inputOf } from "./draft";
import { RequestForm } from "./RequestForm";

export function NewPage() {
  const { t } = useTranslation();
  const { may, isKnown } = useViewer();
  return (
    <article className={css.page}>
      <h1>{t("define.new")}</h1>
      {!isKnown ? <Loading /> : may("DEFINE") ? <NewForm /> : <Forbidden right="DEFINE" />}
    </article>
  );
}

function NewForm() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [draft, setDraft] = useState(EMPTY);
  const { send, isSending, refusal, error } = useChange(
    CreateMutation,
    ({ request }) => void navigate({ to: paths.request(request.name) }),
  );
  return (
    <RequestForm
      draft={draft}
      onChange={setDraft}
      save={t("define.create")}
      isSaving={isSending}
      onSave={() => {
        const input = inputOf(draft);
        if (input) void send({ input });
      }}
    >
      <Why refusal={refusal} error={error} />
    </RequestForm>
  );
}
