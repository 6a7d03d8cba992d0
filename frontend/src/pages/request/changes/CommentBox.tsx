/** A place to say something about a request; comments stay as they were written. */
import { Button, Textarea } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useChange } from "../../../changes/useChange";
import { Why } from "../../../changes/Why";
import { CommentMutation } from "./documents";

export function CommentBox({ name, onMade }: { name: string; onMade: () => void }) {
  const { t } = useTranslation();
  const [body, setBody] = useState("");
  const { send, isSending, refusal, error } = useChange(CommentMutation, onMade);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void send({ name, body: body.trim() });
      }}
    >
      <Textarea
        label={t("comment.label")}
        autosize
        minRows={2}
        maw={640}
        value={body}
        onChange={(event) => setBody(event.currentTarget.value)}
      />
      <Why refusal={refusal} error={error} />
      <Button type="submit" size="xs" mt="xs" loading={isSending} disabled={body.trim() === ""}>
        {t("comment.do")}
      </Button>
    </form>
  );
}
