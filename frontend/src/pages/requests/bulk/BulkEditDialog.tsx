/** One edit of many requests: what it would change in each is shown before the one press that makes it in all or none. */
import { Textarea, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";

import { useViewer } from "../../../account/useViewer";
import type { ResultOf, VariablesOf } from "../../../api/graphql";
import { ChangeDialog } from "../../../changes/ChangeDialog";
import { useChange } from "../../../changes/useChange";
import css from "../../../ui/page.module.css";
import { Failed, Loading } from "../../../ui/States";
import { UNKNOWN } from "../../../units/numbers";
import define from "../../define/define.module.css";
import { BulkEditMutation, BulkPreviewQuery } from "./documents";
import { BULK_FIELDS, bulkInputOf, type Typed } from "./edit";

type Input = VariablesOf<typeof BulkPreviewQuery>["input"];
type Previewed = ResultOf<typeof BulkPreviewQuery>["previewBulkEdit"][number];

export interface BulkEdit {
  edit: number | string;
  names: readonly string[];
}

interface Props {
  names: readonly string[];
  onMade: (made: BulkEdit) => void;
  onClose: () => void;
}

export function BulkEditDialog({ names, onMade, onClose }: Props) {
  const { t } = useTranslation();
  const { may } = useViewer();
  const [typed, setTyped] = useState<Typed>({});
  const input = useMemo(() => bulkInputOf(typed), [typed]);
  const [settled] = useDebouncedValue(input, 300);
  const [{ data, error, fetching }] = useQuery({
    query: BulkPreviewQuery,
    variables: { names: [...names], input: settled as Input },
    pause: settled === null || !may("DEFINE"),
    requestPolicy: "network-only",
  });
  const { send, ...change } = useChange(BulkEditMutation, (made) =>
    onMade({ edit: made.edit, names: made.requests.map(({ name }) => name) }),
  );
  const isSettled = input !== null && input === settled && !fetching;
  const edits = settled === null ? undefined : data?.previewBulkEdit;
  const changing = edits?.filter(({ changes }) => changes.length > 0) ?? [];
  const isPossible = edits?.every(({ problem }) => problem === null) ?? false;
  return (
    <ChangeDialog
      title={t("bulk.title", { count: names.length })}
      size="xl"
      needs="DEFINE"
      confirm={t("bulk.do", { count: changing.length })}
      isReady={isSettled && isPossible && changing.length > 0}
      onConfirm={() => {
        if (input === null) return;
        const requests = changing.flatMap(({ name, version }) =>
          version === null ? [] : [{ name, expectedVersion: version }],
        );
        void send({ requests, input });
      }}
      onClose={onClose}
      {...change}
    >
      <p>{t("bulk.means")}</p>
      <div className={define.fields}>
        {BULK_FIELDS.map((field) => {
          const Field = field === "description" ? Textarea : TextInput;
          return (
            <Field
              key={field}
              label={t(`define.${field}`)}
              placeholder={t("bulk.asItIs")}
              value={typed[field] ?? ""}
              onChange={(event) => setTyped({ ...typed, [field]: event.currentTarget.value })}
            />
          );
        })}
      </div>
      {error && <Failed error={error} />}
      {edits ? <Edits edits={edits} /> : settled !== null && fetching && <Loading />}
    </ChangeDialog>
  );
}

function Edits({ edits }: { edits: readonly Previewed[] }) {
  const { t } = useTranslation();
  return (
    <div className={css.wide}>
      <table className={css.small} aria-label={t("bulk.table")}>
        <thead>
          <tr>
            <th scope="col">{t("request.name")}</th>
            <th scope="col">{t("change.field")}</th>
            <th scope="col">{t("change.present")}</th>
            <th scope="col">{t("bulk.after")}</th>
          </tr>
        </thead>
        <tbody>
          {edits.flatMap(({ name, changes, problem }) => [
            ...(problem === null && changes.length > 0
              ? []
              : [
                  <tr key={name}>
                    <th scope="row">{name}</th>
                    <td colSpan={3}>{problem === null ? t("bulk.same") : <strong>{problem}</strong>}</td>
                  </tr>,
                ]),
            ...(problem === null ? changes : []).map(({ field, before, after }) => (
              <tr key={`${name} ${field}`}>
                <th scope="row">{name}</th>
                <td>{field}</td>
                <td className={css.long}>{before ?? UNKNOWN}</td>
                <td className={css.long}>{after ?? UNKNOWN}</td>
              </tr>
            )),
          ])}
        </tbody>
      </table>
    </div>
  );
}
