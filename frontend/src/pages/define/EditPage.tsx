/** An edit of a request: only what differs is sent, and nobody's edit is overwritten. */
import { Button } from "@mantine/core";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";

import { useViewer } from "../../account/useViewer";
import { Forbidden } from "../../changes/ChangeDialog";
import { useChange } from "../../changes/useChange";
import { Why } from "../../changes/Why";
import { paths } from "../../paths";
import css from "../../ui/page.module.css";
import { Empty, Failed, Loading } from "../../ui/States";
import { EditedQuery, UpdateMutation } from "./documents";
import { changesOf, type Draft, draftOf, type Edited, editsOf } from "./draft";
import { RequestForm } from "./RequestForm";

export function EditPage() {
  const { t } = useTranslation();
  const { name } = useParams({ from: "/requests/$name/edit" });
  const { may, isKnown } = useViewer();
  const [{ data, error }, again] = useQuery({
    query: EditedQuery,
    variables: { name },
    requestPolicy: "network-only",
  });
  const present = data?.request.__typename === "Request" ? data.request : null;
  // What the edit began from: a later answer must not change it under whoever types.
  const [begun, setBegun] = useState<Edited | null>(null);
  const [carried, setCarried] = useState<Partial<Draft> | null>(null);
  if (present !== null && (begun === null || (carried !== null && present.version !== begun.version)))
    setBegun(present);
  const reload = (edits: Partial<Draft>) => {
    setCarried(edits);
    again({ requestPolicy: "network-only" });
  };
  return (
    <article className={css.page}>
      <h1>{t("define.edit", { name })}</h1>
      {error && <Failed error={error} again={() => again()} />}
      {data?.request.__typename === "Absent" && <Empty>{data.request.message}</Empty>}
      {!isKnown || (data === undefined && !error) ? (
        <Loading />
      ) : !may("DEFINE") ? (
        <Forbidden right="DEFINE" />
      ) : (
        begun && (
          <EditForm key={String(begun.version)} request={begun} carried={carried ?? {}} onReload={reload} />
        )
      )}
    </article>
  );
}

interface Props {
  request: Edited;
  /** Edits of an older version, to go on with. */
  carried: Partial<Draft>;
  onReload: (edits: Partial<Draft>) => void;
}

function EditForm({ request, carried, onReload }: Props) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const before = useMemo(() => draftOf(request), [request]);
  const [draft, setDraft] = useState<Draft>({ ...before, ...carried });
  const { send, isSending, refusal, error } = useChange(
    UpdateMutation,
    () => void navigate({ to: paths.request(request.name) }),
  );
  const input = changesOf(before, draft);
  const changed = Object.keys(input ?? {});
  return (
    <RequestForm
      draft={draft}
      onChange={setDraft}
      edited={request.name}
      save={t("define.save", { count: changed.length })}
      canSave={changed.length > 0}
      isSaving={isSending}
      onSave={() => {
        if (input) void send({ name: request.name, expectedVersion: request.version, input });
      }}
    >
      <Why refusal={refusal} error={error} />
      {refusal?.__typename === "Conflict" && (
        <Button variant="default" onClick={() => onReload(editsOf(before, draft))}>
          {t("define.reload")}
        </Button>
      )}
    </RequestForm>
  );
}
