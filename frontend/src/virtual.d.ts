declare module "virtual:stored-documents" {
  /** The hash of each operation of the panel, by the operation's name. */
  export const documentIds: Record<string, string>;
}
